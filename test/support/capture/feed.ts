import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import mqtt from 'mqtt'

interface Feed {
  readonly url: string
  readonly messages: number
  readonly size: number
  /** In turn. */
  readonly topics: readonly string[]
  readonly qos: 0 | 1
}

/** Publishes from a thread of its own, so that a commit that stands still does not hold the publisher too. */
export async function feed(what: Feed): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: what })
  await once(worker, 'message')
  await worker.terminate()
}

/** Each message begins with its number. */
async function publish({ url, messages, size, topics, qos }: Feed): Promise<void> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 4 })
  client.setMaxListeners(0)
  for (let i = 0; i < messages; i += 500)
    await Promise.all(
      Array.from({ length: Math.min(500, messages - i) }, (_, k) =>
        client.publishAsync(topics[(i + k) % topics.length]!, `${i + k} `.padEnd(size, 'x'), { qos }),
      ),
    )
  await client.endAsync()
}

if (!isMainThread && parentPort !== null && workerData !== null) {
  await publish(workerData as Feed)
  parentPort.postMessage('done')
}
