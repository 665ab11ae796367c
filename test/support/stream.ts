import { type Block, kindCode } from '../../core/contract/block.ts'
import type { Kind, Topic } from '../../core/contract/model.ts'
import type { Emit } from '../../core/stream/emit.ts'

/** A record before it has an offset. */
export interface Writing {
  readonly kind: Kind
  readonly source: string
  readonly name: string
  readonly time: number
  readonly flags?: number
  readonly body?: string | Uint8Array
}

/** Makes blocks as the log would: offsets go on, and the topic table grows at its end. */
export function blockMaker(first = 0): (records: readonly Writing[]) => Block {
  const topics: Topic[] = []
  const index = new Map<string, number>()
  let next = first
  return (records) => {
    const block = blockOf(records, next, topics, index)
    next += records.length
    return block
  }
}

function blockOf(records: readonly Writing[], first: number, topics: Topic[], index: Map<string, number>): Block {
  const n = records.length
  const bodies = records.map((each) => bodyOf(each.body))
  const bytes = new Uint8Array(bodies.reduce((sum, body) => sum + body.length, 0))
  const end = new Uint32Array(n)
  let at = 0
  bodies.forEach((body, row) => {
    bytes.set(body, at)
    at += body.length
    end[row] = at
  })
  return {
    first,
    n,
    kind: Uint8Array.from(records, (each) => kindCode[each.kind]),
    topic: Uint32Array.from(records, (each) => topicIndex(each, topics, index)),
    time: Float64Array.from(records, (each) => each.time),
    flags: Uint8Array.from(records, (each) => each.flags ?? 0),
    end,
    bytes,
    meta: null,
    topics,
  }
}

function bodyOf(body: string | Uint8Array | undefined): Uint8Array {
  return typeof body === 'string' ? new TextEncoder().encode(body) : (body ?? new Uint8Array(0))
}

function topicIndex({ source, name }: Writing, topics: Topic[], index: Map<string, number>): number {
  const key = `${source}\u0000${name}`
  const known = index.get(key)
  if (known !== undefined) return known
  index.set(key, topics.length)
  topics.push({ source, name })
  return topics.length - 1
}

const calls = [
  'message',
  'ofDevice',
  'undecodable',
  'series',
  'named',
  'reading',
  'score',
  'state',
  'cadence',
  'alert',
  'rule',
  'note',
  'bookmark',
  'maintenance',
  'service',
  'zone',
  'birth',
  'mapping',
  'clock',
  'link',
  'source',
  'comesBy',
  'gap',
  'late',
  'missed',
  'notStored',
] as const satisfies readonly (keyof Emit)[]

/** Everything that the path says, one line a call, with exact numbers; what is said about a record below `upto` is dropped, as the views do. */
export class Recorder {
  readonly lines: string[] = []
  /** One past the newest record of which something was said. */
  upto = 0
  readonly emit: Emit
  private offset = 0

  constructor() {
    const emit: Record<string, (...values: unknown[]) => void> = {
      at: (...values) => {
        this.offset = values[0] as number // the first argument of `at`
        this.add('at', values)
      },
    }
    for (const call of calls) emit[call] = (...values) => this.add(call, values)
    this.emit = emit as unknown as Emit // every call of Emit is in it
  }

  /** Records below `next` are read: what comes again about them is a repeat. */
  reached(next: number): void {
    this.upto = Math.max(this.upto, next)
  }

  private add(call: string, values: readonly unknown[]): void {
    if (this.offset < this.upto) return
    this.lines.push(`${this.offset} ${call} ${JSON.stringify(values, exact)}`)
  }
}

function exact(_key: string, value: unknown): unknown {
  return typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)) ? `#${String(value)}` : value
}

/** Mulberry32: the same seed, the same numbers. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
