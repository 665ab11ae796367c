import { connect } from 'node:net'
import type { Admin, ITopicConfig } from 'kafkajs'
import { kafkajs } from '../../../core/sync/patches.ts'
import { until } from '../app.ts'

/** What whoever runs the cluster may do; `address` is host:port, several with commas. */
export async function asAdmin<T>(address: string, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new kafkajs.Kafka({ brokers: address.split(','), logLevel: kafkajs.logLevel.NOTHING }).admin()
  try {
    await admin.connect()
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

/** Creates these, and answers when each has a leader. The client's own wait fails where a broker has not heard of one yet. */
export async function makeTopics(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  await admin.createTopics({ topics, waitForLeaders: false })
  const names = topics.map(({ topic }) => topic)
  await until(`topics ${names.join(', ')}`, async () => {
    const known = await admin.fetchTopicMetadata({ topics: names }).catch(() => null)
    return known?.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0)) ?? false
  })
}

/** How many bytes a second clients of this name may send to one broker; null: as many as they like. The client has no call for it. */
export async function setQuota(address: string, clientId: string, bytes: number | null): Promise<void> {
  const alterClientQuotas = 49
  const entity = [int32(1), text('client-id'), text(clientId)]
  const change = [int32(1), text('producer_byte_rate'), float64(bytes ?? 0), Buffer.from([bytes === null ? 1 : 0])]
  const body = Buffer.concat([int32(1), ...entity, ...change, Buffer.from([0])])
  const answer = await ask(address, Buffer.concat([int16(alterClientQuotas), int16(0), int32(1), text('test'), body]))
  const code = answer.readInt16BE(4 + 4 + 4) // after the correlation id, the throttle time and the count of entries
  if (code !== 0) throw new Error(`the broker did not take the quota (error ${code})`)
}

/** One request on a connection of its own. */
function ask(address: string, request: Buffer): Promise<Buffer> {
  const [host, port] = address.split(':')
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host)
    let answer = Buffer.alloc(0)
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk])
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return
      socket.destroy()
      resolve(answer.subarray(4))
    })
    socket.write(Buffer.concat([int32(request.length), request]))
  })
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function float64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}

function text(value: string): Buffer {
  return Buffer.concat([int16(value.length), Buffer.from(value)])
}
