import { type Kafka, startKafka } from '../kafka/kafka.ts'
import { type FaultyProxy, startProxy } from '../kafka/proxy.ts'
import type { Cluster } from './plant.ts'

/** A broker of its own, and a network to it that may fail. */
export interface OneNode extends Cluster {
  readonly kafka: Kafka
  readonly proxy: FaultyProxy
}

export async function startOneNode(properties = ''): Promise<OneNode> {
  const proxy = await startProxy(() => kafka.proxied)
  // Abandoned transactions are looked for twice a second, not every ten.
  const quick = 'transaction.abort.timed.out.transaction.cleanup.interval.ms=500\n'
  const kafka = await startKafka({ advertise: proxy.port, properties: quick + properties })
  return { kafka, proxy, address: kafka.address, entrance: `127.0.0.1:${proxy.port}`, replication: 1 }
}

export async function removeOneNode({ kafka, proxy }: OneNode): Promise<void> {
  await kafka.remove()
  await proxy.stop()
}
