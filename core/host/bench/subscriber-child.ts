import { extname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import mqtt from 'mqtt'
import type { FromStream, StreamData, StreamSide } from '../protocols.ts'
import { type Channel, openChannel } from '../thread.ts'
import { answerParent, dataFromParent } from './child.ts'
import type { FromRecorder, RecorderData, RecorderSide, SubscriberData, SubscriberSide } from './sides.ts'

// The measured side, in a process of its own: a plain counter, or the recorder with its threads.

const data = dataFromParent() as SubscriberData // made by `startChild`'s caller, which is typed the same

interface Subscriber {
  /** So far. */
  messages(): number
  /** How many of them the path has read. */
  read(): number
  stop(): Promise<unknown>
}

let waiting: (() => void)[] = []
/** Messages at which somebody waits to be told. */
let next = Infinity
const subscriber: Subscriber = data.kind === 'plain' ? plain() : durable()
let from = { messages: 0, at: 0, cpu: process.cpuUsage() }

answerParent<SubscriberSide>({
  asks: {
    begin: () => {
      from = { messages: subscriber.messages(), at: performance.now(), cpu: process.cpuUsage() }
      return null
    },
    reached: async ({ messages, views }) => {
      const until = from.messages + messages
      const count = views ? subscriber.read : subscriber.messages
      while (count() < until) await progress(until)
      const { user, system } = process.cpuUsage(from.cpu)
      return { ms: performance.now() - from.at, cpuMicros: user + system, rss: process.memoryUsage.rss() }
    },
    rss: () => process.memoryUsage.rss(),
    stop: async () => {
      await subscriber.stop()
      return null
    },
  },
  tells: {},
})

/** A message or commit further; while counting one by one only at the number that is waited for. */
function progress(until: number): Promise<void> {
  const further = Promise.withResolvers<void>()
  waiting.push(further.resolve)
  next = Math.min(next, until)
  return further.promise
}

function progressed(): void {
  const told = waiting
  waiting = []
  next = Infinity
  for (const tell of told) tell()
}

/** mqtt.js as it comes, and nothing but a count. */
function plain(): Subscriber {
  let messages = 0
  const client = mqtt.connect(`mqtt://127.0.0.1:${data.port}`, {
    protocolVersion: 5,
    clientId: data.clientId,
    clean: true,
    properties: { receiveMaximum: 1_000 },
  })
  client.on('message', () => {
    messages++
    if (messages >= next) progressed()
  })
  client.on('connect', () => client.subscribe(data.topic, { qos: 1 }))
  return { messages: () => messages, read: () => messages, stop: () => client.endAsync(true) }
}

/** The recorder in a thread of its own, as in the product; the path beside it when it is asked for. */
function durable(): Subscriber {
  let head = 0
  let read = 0
  const { dir, clientId, topic, commitDelay } = data
  const url = `mqtt://127.0.0.1:${data.port}`
  const recorder = new Worker(new URL(`./recorder-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: { dir, url, clientId, topic, commitDelay } satisfies RecorderData,
  })
  const path = data.path ? startPath(dir, (offset) => told(() => (read = offset))) : null
  const channel = openChannel<RecorderSide, FromRecorder>(recorder, {
    asks: {},
    tells: {
      head: (at) => {
        path?.tell('head', at)
        told(() => (head = at.head))
      },
    },
  })
  return {
    messages: () => head,
    read: () => read,
    stop: async () => {
      await channel.ask('stop', null)
      await path?.ask('stop', null)
    },
  }
}

function told(change: () => void): void {
  change()
  progressed()
}

function startPath(dir: string, onRead: (offset: number) => void): Channel<StreamSide> {
  const worker = new Worker(new URL(`../stream-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: {
      logDir: dir,
      viewsFile: join(dir, 'views.db'),
      snapshots: join(dir, 'snapshots'),
      maxViewsBytes: null,
    } satisfies StreamData,
  })
  return openChannel<StreamSide, FromStream>(worker, {
    asks: {},
    tells: { ready: () => {}, views: ({ offset }) => onRead(offset), unborn: () => {} },
  })
}
