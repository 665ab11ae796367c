import { type Compress, type Content, type Records, RecordWriter } from './record-batch.ts'

/** Partitions of each topic, as far as is known: whoever sends says what it sees. */
export type Partitions = Map<string, number>

/** Records of one partition that travel together. */
export interface Chunk extends Records {
  readonly topic: string
  readonly partition: number
  readonly partitions: Partitions
}

export interface PackingOptions {
  readonly partitions: Partitions
  readonly compress: Compress | null
  /** Where a record goes in a topic of so many partitions. */
  readonly partitionOf: (record: Addressed, partitions: number) => number
  /** Of one chunk; absent: as much as is well. */
  readonly maxBytes?: number
}

export interface Addressed {
  readonly topic: string
  readonly key: string
}

/** One partition, and where its next records are written. */
export interface Place {
  readonly topic: string
  readonly partition: number
  writer: RecordWriter
}

/** Brokers take 1 MB of a partition at once; this much is worth a request, and leaves others to go beside it. */
const maxChunkBytes = 384 * 1024

/** Records in their order, written at once into the chunks in which they travel. */
export class Packing {
  /** Of all that was written. */
  bytes = 0
  count = 0
  private readonly o: PackingOptions
  private readonly done: Chunk[] = []
  private readonly places = new Map<string, Map<number, Place>>()

  constructor(options: PackingOptions) {
    this.o = options
  }

  put(record: Content & Addressed): void {
    const writer = this.writer(this.place(record), sizeOf(record))
    const before = writer.bytes
    writer.put(record)
    this.wrote(writer.bytes - before)
  }

  /** Where a record goes; it is good as long as this packing. */
  place(record: Addressed): Place {
    const { topic } = record
    const partition = this.o.partitionOf(record, this.o.partitions.get(topic) ?? 1)
    let own = this.places.get(topic)
    if (own === undefined) {
      own = new Map()
      this.places.set(topic, own)
    }
    let place = own.get(partition)
    if (place === undefined) {
      place = { topic, partition, writer: new RecordWriter(0) }
      own.set(partition, place)
    }
    return place
  }

  /** Where a record of about this size is to be written now; say `wrote` when it is. */
  writer(place: Place, size: number): RecordWriter {
    const { bytes } = place.writer
    if (bytes > 0 && bytes + size > (this.o.maxBytes ?? maxChunkBytes)) {
      this.cut(place)
      place.writer = new RecordWriter(bytes)
    }
    return place.writer
  }

  wrote(bytes: number): void {
    this.bytes += bytes
    this.count += 1
  }

  /** What was written, of each partition in its order. Nothing can be written any more. */
  finish(): readonly Chunk[] {
    for (const own of this.places.values())
      for (const place of own.values()) if (place.writer.count > 0) this.cut(place)
    return this.done
  }

  private cut({ topic, partition, writer }: Place): void {
    const { partitions, compress } = this.o
    this.done.push({ topic, partition, partitions, ...writer.seal(compress) })
  }
}

/** Near enough: value, key and headers as characters. */
export function sizeOf({ key, value, headers }: Content): number {
  let size = (key?.length ?? 0) + (value?.length ?? 0)
  for (const name in headers) size += name.length + headers[name]!.length + 2
  return size
}
