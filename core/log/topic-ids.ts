import type { Topic } from '../contract/model.ts'
import { sumOfTopic } from './row-sum.ts'

/** In no order at all one guess of 64 is made. */
const mostWrong = 6

/** Where the log keeps the number of a topic, for one who sends many of its records: a search in a cold map costs 0.3 us. */
export interface TopicMemo {
  /** Whose number it is; null: nobody's yet. */
  of: object | null
  id: number
}

/** Numbers of the topics of one segment. What a commit adds counts only once it is kept. */
export class TopicIds {
  /** Checksum of each, by id. */
  readonly sums: number[] = []
  private readonly names: string[] = []
  private readonly sources: string[] = []
  private readonly ids = new Map<string, Map<string, number>>()
  /** By id: the topic that came behind it the last time. Where devices keep their turn, a look there spares the search. */
  private readonly behind: number[] = []
  private last = 0
  /** Guesses that were wrong, one after the other, and how many are left out for it. */
  private wrong = 0
  private pause = 0
  private kept = 0
  /** What memos hold of this; another one when they hold what is not kept. */
  private era = {}

  get size(): number {
    return this.names.length
  }

  /** Topics of this commit that the segment did not have; the last of them has the id `size - 1`. */
  get fresh(): readonly Topic[] {
    return this.names.slice(this.kept).map((name, i) => ({ source: this.sources[this.kept + i]!, name }))
  }

  /** `memo`, if there is one, is always given with the same source and name. */
  idOf(source: string, name: string, memo?: TopicMemo): number {
    if (memo === undefined) return this.find(source, name)
    if (memo.of !== this.era) {
      memo.id = this.find(source, name)
      memo.of = this.era
    }
    return memo.id
  }

  keep(): void {
    this.kept = this.size
  }

  /** The commit failed: its topics are not in the file. */
  forget(): void {
    for (const { source, name } of this.fresh) this.ids.get(source)?.delete(name)
    for (const list of [this.names, this.sources, this.sums, this.behind]) list.length = this.kept
    this.last = 0
    this.era = {}
  }

  private find(source: string, name: string): number {
    const guess = this.pause > 0 ? null : (this.behind[this.last] ?? 0)
    if (guess === null) this.pause--
    else if (this.names[guess] !== name || this.sources[guess] !== source) this.miss()
    else {
      this.wrong = 0
      this.last = guess
      return guess
    }
    return this.search(source, name)
  }

  private miss(): void {
    this.pause = 2 ** this.wrong - 1
    this.wrong = Math.min(mostWrong, this.wrong + 1)
  }

  private search(source: string, name: string): number {
    const id = this.ids.get(source)?.get(name) ?? this.add(source, name)
    this.behind[this.last] = id
    this.last = id
    return id
  }

  private add(source: string, name: string): number {
    const ids = this.ids.get(source) ?? new Map<string, number>()
    this.ids.set(source, ids)
    ids.set(name, this.size)
    this.sums.push(sumOfTopic({ source, name }))
    this.sources.push(source)
    this.behind.push(0)
    return this.names.push(name) - 1
  }
}
