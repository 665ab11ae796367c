import type { Topic } from '../contract/model.ts'
import { sumOfTopic } from './row-sum.ts'

/** Numbers of the topics of one segment. What a commit adds counts only once it is kept. */
export class TopicIds {
  /** Checksum of each, by id. */
  readonly sums: number[] = []
  private readonly ids = new Map<string, Map<string, number>>()
  /** Names of the source that was asked for last: whole commits come from one. */
  private source = ''
  private names: Map<string, number> | undefined
  private next = 0
  private added: Topic[] = []

  get size(): number {
    return this.next
  }

  /** Topics of this commit that the segment did not have; the last of them has the id `size - 1`. */
  get fresh(): readonly Topic[] {
    return this.added
  }

  idOf(source: string, name: string): number {
    if (this.names === undefined || source !== this.source) {
      this.names = this.ids.get(source)
      this.source = source
    }
    return this.names?.get(name) ?? this.add({ source, name })
  }

  keep(): void {
    this.added = []
  }

  /** The commit failed: its topics are not in the file. */
  forget(): void {
    for (const { source, name } of this.added) this.ids.get(source)?.delete(name)
    this.next -= this.added.length
    this.sums.length = this.next
    this.added = []
  }

  private add(topic: Topic): number {
    const names = this.ids.get(topic.source) ?? new Map<string, number>()
    this.ids.set(topic.source, names)
    names.set(topic.name, this.next)
    this.added.push(topic)
    this.sums.push(sumOfTopic(topic))
    return this.next++
  }
}
