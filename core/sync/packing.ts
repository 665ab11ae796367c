import { type Compress, type Content, type Records, RecordWriter } from './record-batch.ts'

/** Partitions of each topic, as far as is known: whoever sends says what it sees. */
export type Partitions = Map<string, number>

/** Records of one partition that travel together. */
export interface Chunk extends Records {
  readonly topic: string
  readonly partition: number
  readonly partitions: Partitions
}

/** Of each partition one at most. */
export type Request = readonly Chunk[]

export interface PackingOptions {
  readonly partitions: Partitions
  readonly compress: Compress | null
  /** Where a record goes in a topic of so many partitions. */
  readonly partitionOf: (record: Addressed, partitions: number) => number
  /** Of one request; absent: as much as is well. */
  readonly maxBytes?: number
}

export interface Addressed {
  readonly topic: string
  readonly key: string
}

/** Of one request: brokers take 1 MB of a partition, and all of it may be of one. */
export const maxRequestBytes = 768 * 1024

/** Records in their order, written at once into the requests in which they travel; a request is taken before the next is sent. */
export class Packing {
  /** Another one in each request: what `writer` answered in this one still holds. */
  turn: object = {}
  /** Of all that was written. */
  bytes = 0
  count = 0
  private readonly o: PackingOptions
  private readonly done: Request[] = []
  private open = new Map<string, Map<number, RecordWriter>>()
  private openBytes = 0
  /** Of a partition in a request. */
  private expected = 0

  constructor(options: PackingOptions) {
    this.o = options
  }

  partitionOf(record: Addressed): number {
    return this.o.partitionOf(record, this.o.partitions.get(record.topic) ?? 1)
  }

  put(record: Content & Addressed): void {
    const writer = this.writer(record.topic, this.partitionOf(record), sizeOf(record))
    const before = writer.bytes
    writer.put(record)
    this.wrote(writer.bytes - before)
  }

  /** Where a record of about this size is to be written; say `wrote` when it is. */
  writer(topic: string, partition: number, size: number): RecordWriter {
    this.makeRoom(size)
    let own = this.open.get(topic)
    if (own === undefined) {
      own = new Map()
      this.open.set(topic, own)
    }
    let writer = own.get(partition)
    if (writer === undefined) {
      writer = new RecordWriter(this.expected)
      own.set(partition, writer)
    }
    return writer
  }

  /** Begins another request where so much does not fit into this one. */
  makeRoom(bytes: number): void {
    if (this.openBytes > 0 && this.openBytes + bytes > (this.o.maxBytes ?? maxRequestBytes)) this.cut()
  }

  wrote(bytes: number): void {
    this.openBytes += bytes
    this.bytes += bytes
    this.count += 1
  }

  /** What was written. Nothing can be written any more. */
  finish(): readonly Request[] {
    if (this.openBytes > 0) this.cut()
    return this.done
  }

  private cut(): void {
    const { partitions, compress } = this.o
    const request: Chunk[] = []
    for (const [topic, own] of this.open)
      for (const [partition, writer] of own) request.push({ topic, partition, partitions, ...writer.seal(compress) })
    this.done.push(request)
    this.expected = Math.max(...request.map(({ bytes }) => bytes))
    this.open = new Map()
    this.openBytes = 0
    this.turn = {}
  }
}

/** Near enough: value, key and headers as characters. */
export function sizeOf({ key, value, headers }: Content): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0)
  for (const name in headers) size += name.length + headers[name]!.length + 2
  return size
}

/** One after the other, and as one where no partition is in both of the two that meet. */
export function joined(before: readonly Request[], after: readonly Request[]): readonly Request[] {
  const [last, first] = [before.at(-1), after[0]]
  if (last === undefined || first === undefined || !fitTogether(last, first)) return [...before, ...after]
  return [...before.slice(0, -1), [...last, ...first], ...after.slice(1)]
}

function fitTogether(a: Request, b: Request): boolean {
  const bytes = [...a, ...b].reduce((sum, chunk) => sum + chunk.bytes, 0)
  return bytes <= maxRequestBytes && !a.some((one) => b.some((other) => isSamePlace(one, other)))
}

function isSamePlace(a: Chunk, b: Chunk): boolean {
  return a.topic === b.topic && a.partition === b.partition
}
