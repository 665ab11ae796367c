import { parentPort, workerData } from 'node:worker_threads'
import { startBroker } from '../ingest/broker/broker.ts'
import { startDevices } from '../ingest/demo/devices.ts'
import type { DemoData, DemoSide, FromDemo } from './protocols.ts'
import { openChannel } from './thread.ts'

// The demo plant: a broker of our own and its devices, over real MQTT.

const { seed, startedAt } = workerData as DemoData // made by the host, which is typed the same
const ending = new AbortController()

const host = openChannel<FromDemo, DemoSide>(parentPort!, {
  asks: {
    stop: async () => {
      ending.abort()
      const stopDevices = await devices.catch(() => null) // called off before they were connected
      await stopDevices?.()
      await (await broker).stop()
      return null
    },
  },
  tells: {},
})
const broker = startBroker()
const devices = broker.then(({ url }) => {
  host.tell('ready', { url }) // before the devices, so that their first messages find a subscriber
  return startDevices({ url, seed, startedAt, now: Date.now, signal: ending.signal })
})
