import mqtt, { type MqttClient } from 'mqtt'
import { FieldError } from '../../contract/errors.ts'
import type { Millis } from '../../contract/model.ts'
import type { DemoStart } from './faults.ts'
import type { Demo } from './message.ts'
import { mostMessageBytes, openDemo } from './message.ts'

export interface Devices extends DemoStart {
  readonly url: string
  readonly now: () => Millis
  /** Calls the start off. */
  readonly signal?: AbortSignal
}

/** Messages of one device that may wait for their acknowledgement; a device with more on its hands leaves out the next. */
const mostWaiting = 20
/** What is due for longer was due while the machine slept. */
const latest: Millis = 60_000

/**
 * The 48 devices of the demo, each with an MQTT connection of its own, publishing live with QoS 1 at the times that
 * `history` would give. Resolves to its stop when all are connected; rejects when the broker cannot be reached, or
 * with the signal's reason. A later error is thrown and ends the thread: it is a fault of this program, as the broker
 * is its own. A connection that closes is opened again by itself. What was due while the machine slept is left out, and
 * a clock that is set goes on in the new time.
 */
export async function startDevices(how: Devices): Promise<() => Promise<void>> {
  const demo = openDemo(how)
  const clients = await connectAll(demo, how)
  const publishing = new Publishing(demo, clients, how.now)
  return async () => {
    publishing.stop()
    await Promise.all(clients.map((client) => client.endAsync(!client.connected)))
  }
}

async function connectAll(demo: Demo, { url, signal }: Devices): Promise<MqttClient[]> {
  signal?.throwIfAborted()
  const tries = await Promise.allSettled(demo.devices.map(({ topic }) => connect(url, topic)))
  const clients = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const failed = tries.find((each) => each.status === 'rejected')
  if (failed === undefined && !signal?.aborted) return clients
  await Promise.all(clients.map((client) => client.endAsync(true)))
  signal?.throwIfAborted()
  throw failed!.reason
}

/** No keep-alive: on loopback a lost connection is closed, and a machine that wakes up must not look like a lost one. */
async function connect(url: string, topic: string): Promise<MqttClient> {
  const options = {
    protocolVersion: 4,
    clean: true,
    keepalive: 0,
    connectTimeout: 5_000,
    reconnectPeriod: 1_000,
  } as const
  const client = await mqtt.connectAsync(url, { ...options, clientId: topic }, false)
  client.on('error', (error) => fail(topic, error))
  return client
}

function fail(topic: string, cause: Error): never {
  throw new FieldError('broker_lost', `demo device ${topic}: ${cause.message}`, { cause })
}

/** One timer for all devices: it rings when the next message of any of them is due. */
class Publishing {
  private readonly demo: Demo
  private readonly clients: readonly MqttClient[]
  private readonly now: () => Millis
  /** When each device's next message is due. */
  private readonly due: Millis[]
  private readonly waiting: number[]
  private timer: NodeJS.Timeout | null = null
  private stopped = false

  constructor(demo: Demo, clients: readonly MqttClient[], now: () => Millis) {
    this.demo = demo
    this.clients = clients
    this.now = now
    this.waiting = demo.devices.map(() => 0)
    this.due = demo.devices.map((_, device) => this.after(device, now()))
    this.wait()
  }

  stop(): void {
    this.stopped = true
    if (this.timer !== null) clearTimeout(this.timer)
  }

  private wait(): void {
    const pause = Math.min(...this.due) - this.now()
    this.timer = setTimeout(() => this.ring(), Math.min(Math.max(pause, 0), latest))
  }

  private ring(): void {
    const now = this.now()
    this.demo.devices.forEach(({ every }, device) => {
      if (this.due[device]! < now - latest || this.due[device]! > now + every)
        this.due[device] = this.after(device, now)
      for (; this.due[device]! <= now; this.due[device]! += every) this.publish(device, this.due[device]!)
    })
    this.wait()
  }

  /** The first time after `time` in the cadence of the device. */
  private after(device: number, time: Millis): Millis {
    const { every, phase } = this.demo.devices[device]!
    return (Math.floor((time - phase) / every) + 1) * every + phase
  }

  private publish(device: number, time: Millis): void {
    const bytes = Buffer.allocUnsafe(mostMessageBytes)
    const end = this.demo.write(device, time, bytes, 0)
    if (end === 0 || this.waiting[device]! >= mostWaiting) return
    const { topic } = this.demo.devices[device]!
    this.waiting[device]! += 1
    this.clients[device]!.publish(topic, bytes.subarray(0, end), { qos: 1 }, (error) => {
      this.waiting[device]! -= 1
      if (error && !this.stopped) fail(topic, error)
    })
  }
}
