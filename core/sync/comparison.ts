import type { Difference, Proof } from '../contract/calls.ts'
import type { Offset } from '../contract/model.ts'
import type { Span } from './resume.ts'

/** A record as it was found in a topic. */
export interface Found {
  readonly offset: Offset
  readonly index: number
  /** What keeps its order: one device in one partition. */
  readonly line: string
  readonly mark: 'again' | 'maybe twice' | null
}

export const mostDifferences = 100

type Counts = Pick<
  Proof,
  'expected' | 'arrived' | 'twice' | 'outOfOrder' | 'unknown' | 'sentAgain' | 'maybeTwice' | 'reallyTwice'
>

/**
 * How often each Kafka record of a span was found. What the log holds is told first, in its order; then records come as
 * they are read, in any order. Three bits a record and four bytes an offset, whatever is found.
 */
export class Comparison {
  readonly differences: Difference[] = []
  private readonly span: Span
  /** Where the records of each offset have their places, by their index. A filter may leave some of these empty. */
  private readonly places: Uint32Array
  private told = 0
  private readonly wanted = new Bits()
  private readonly arrived = new Bits()
  private readonly unmarked = new Bits()
  private readonly newest = new Map<string, Offset>()
  private readonly counts = { twice: 0, outOfOrder: 0, unknown: 0, sentAgain: 0, maybeTwice: 0, reallyTwice: 0 }

  constructor(span: Span) {
    this.span = span
    this.places = new Uint32Array(span.to - span.from + 1)
  }

  /** Each Kafka record that the log makes of the span, in order. */
  tell(offset: Offset, index: number): void {
    const at = offset - this.span.from
    this.places.fill(this.places[this.told]!, this.told + 1, at + 1)
    this.wanted.add(this.places[at]! + index)
    this.places[at + 1] = this.places[at]! + index + 1
    this.told = at + 1
  }

  /** All is told. */
  begin(): void {
    this.places.fill(this.places[this.told]!, this.told + 1)
  }

  found(found: Found): void {
    const place = this.placeOf(found.offset, found.index)
    if (place === null) this.differs('unknown', found.offset, found.index)
    else this.foundAt(place, found)
  }

  /** Whether it was found at least once. */
  has(offset: Offset, index: number): boolean {
    const place = this.placeOf(offset, index)
    return place !== null && this.arrived.has(place)
  }

  result(): Counts {
    return { ...this.counts, expected: this.wanted.count(), arrived: this.arrived.count() }
  }

  private foundAt(place: number, { offset, index, line, mark }: Found): void {
    if (mark === 'again') this.counts.sentAgain += 1
    if (mark === 'maybe twice') this.counts.maybeTwice += 1
    if (mark === 'maybe twice' && this.arrived.has(place)) this.counts.reallyTwice += 1
    if (mark === null) this.foundUnmarked(place, { offset, index, line })
    this.arrived.add(place)
  }

  private foundUnmarked(place: number, { offset, index, line }: Omit<Found, 'mark'>): void {
    if (this.unmarked.has(place)) {
      this.differs('twice', offset, index)
      return
    }
    this.unmarked.add(place)
    if (offset < (this.newest.get(line) ?? 0)) this.differs('out of order', offset, index)
    else this.newest.set(line, offset)
  }

  private differs(what: Exclude<Difference['what'], 'missing'>, offset: Offset, index: number): void {
    this.counts[what === 'out of order' ? 'outOfOrder' : what] += 1
    if (this.differences.length < mostDifferences) this.differences.push({ offset, index, what })
  }

  private placeOf(offset: Offset, index: number): number | null {
    const at = offset - this.span.from
    const place = this.places[at]! + index
    return place < this.places[at + 1]! && this.wanted.has(place) ? place : null
  }
}

/** Grows as it must. */
class Bits {
  private words = new Uint32Array(1_024)
  private set = 0

  has(at: number): boolean {
    return ((this.words[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0
  }

  add(at: number): void {
    if (this.has(at)) return
    if (at >>> 5 >= this.words.length) this.grow(at >>> 5)
    this.words[at >>> 5]! |= 1 << (at & 31)
    this.set += 1
  }

  private grow(word: number): void {
    const grown = new Uint32Array(Math.max(word + 1, this.words.length * 2))
    grown.set(this.words)
    this.words = grown
  }

  count(): number {
    return this.set
  }
}
