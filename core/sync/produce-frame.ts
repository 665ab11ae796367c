import { headBytes, type Records, writeBatch } from './record-batch.ts'
import { takeRoom } from './room.ts'

/** A Produce request (version 3 to 8) as the client asks for it. */
export interface Produce {
  readonly acks: number
  readonly timeout: number
  readonly transactionalId?: string | null
  /** The client's own kind of long. */
  readonly producerId?: unknown
  readonly producerEpoch?: number
  readonly compression?: number
  readonly topicData: readonly TopicData[]
}

interface TopicData {
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    readonly firstSequence?: number
    readonly chunk: Records
  }[]
}

interface Envelope {
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string
}

/** All of its bytes, in one piece and copied once. */
export async function produceFrame(of: Produce, envelope: Envelope): Promise<Buffer> {
  const bodies = await Promise.all(of.topicData.flatMap(({ partitions }) => partitions.map(({ chunk }) => chunk.body)))
  const { transactionalId = null, topicData } = of
  const names = [envelope.clientId, transactionalId ?? '', ...topicData.map(({ topic }) => topic)]
  const most = bodies.reduce((sum, body) => sum + body.bytes.length + headBytes + 8, 64)
  const frame = new Frame(names.reduce((sum, name) => sum + 3 * name.length + 6, most))
  frame.int16(0).int16(envelope.apiVersion).int32(envelope.correlationId).text(envelope.clientId)
  frame.text(transactionalId).int16(of.acks).int32(of.timeout).int32(topicData.length)
  for (const { topic, partitions } of topicData) {
    frame.text(topic).int32(partitions.length)
    for (const { partition, firstSequence = 0, chunk } of partitions) {
      const body = bodies.shift()!
      frame.int32(partition).int32(headBytes + body.bytes.length)
      frame.at = writeBatch(frame.bytes, frame.at, chunk, body, { ...headOf(of), firstSequence })
    }
  }
  topicData[0]?.partitions[0]?.chunk.travelIn(frame.bytes)
  return frame.finish()
}

function headOf({ compression = 0, transactionalId, producerId, producerEpoch = 0 }: Produce) {
  return {
    codec: compression,
    transactional: Boolean(transactionalId),
    producerId: BigInt(String(producerId ?? -1)),
    producerEpoch,
  }
}

class Frame {
  readonly bytes: Buffer
  at = 4 // its size comes first

  constructor(atMost: number) {
    this.bytes = takeRoom(atMost)
  }

  int16(value: number): this {
    this.at = this.bytes.writeInt16BE(value, this.at)
    return this
  }

  int32(value: number): this {
    this.at = this.bytes.writeInt32BE(value, this.at)
    return this
  }

  text(value: string | null): this {
    if (value === null) return this.int16(-1)
    this.int16(Buffer.byteLength(value))
    this.at += this.bytes.write(value, this.at)
    return this
  }

  finish(): Buffer {
    this.bytes.writeInt32BE(this.at - 4, 0)
    return this.bytes.subarray(0, this.at)
  }
}
