import { parentPort, workerData } from 'node:worker_threads'
import { startBroker } from '../ingest/broker/broker.ts'
import { startDevices } from '../ingest/demo/devices.ts'
import type { DemoData, DemoSide, FromDemo } from './protocols.ts'
import { openChannel } from './thread.ts'

// The demo plant: a broker of our own and its devices, over real MQTT.

const { seed, startedAt } = workerData as DemoData // made by the host, which is typed the same
const broker = await startBroker()
const stopDevices = await startDevices({ url: broker.url, seed, startedAt, now: Date.now })

const host = openChannel<FromDemo, DemoSide>(parentPort!, {
  asks: {
    stop: async () => {
      await stopDevices()
      await broker.stop()
      return null
    },
  },
  tells: {},
})
host.tell('ready', { url: broker.url })
