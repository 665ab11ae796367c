import { extname, join } from 'node:path'
import mqtt from 'mqtt'
import { destinationOf } from '../../config/settings.ts'
import type { DestinationRow } from '../../contract/calls.ts'
import type { ForwardData, ForwardSide, FromForward, FromStream, StreamData, StreamSide } from '../protocols.ts'
import { type Channel, moduleBeside, openChannel, startWorker } from '../thread.ts'
import { answerParent, dataFromParent } from './child.ts'
import type { FromRecorder, RecorderData, RecorderSide, SubscriberData, SubscriberSide } from './sides.ts'

// The measured side, in a process of its own: a plain counter, or the recorder with its threads.

const data = dataFromParent() as SubscriberData // made by `startChild`'s caller, which is typed the same

interface Subscriber {
  /** So far. */
  messages(): number
  /** How many of them the path has read. */
  read(): number
  send(on: boolean): Promise<unknown>
  sent(): DestinationRow | null
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
    read: async () => {
      const until = subscriber.messages()
      while (subscriber.read() < until) await progress(until)
      return null
    },
    send: async (on) => {
      await subscriber.send(on)
      return null
    },
    sent: () => {
      const row = subscriber.sent()
      if (row?.error != null) throw new Error(row.error.message)
      const paused = row === null || row.state === 'paused'
      return { acked: row?.acked ?? 0, head: subscriber.messages(), records: row?.confirmed.records ?? 0, paused }
    },
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
  return {
    messages: () => messages,
    read: () => messages,
    send: async () => {},
    sent: () => null,
    stop: () => client.endAsync(true),
  }
}

/** The recorder in a thread of its own, as in the product; the path and sync beside it when they are asked for. */
function durable(): Subscriber {
  let head = 0
  let read = 0
  const { dir, clientId, topic, commitDelay } = data
  const url = `mqtt://127.0.0.1:${data.port}`
  const of: RecorderData = { dir, url, clientId, topic, commitDelay }
  const recorder = startWorker(new URL(`./recorder-thread${extname(import.meta.url)}`, import.meta.url), 'recorder', of)
  const onRead = (offset: number) => {
    sync?.upto(offset)
    told(() => (read = offset))
  }
  const path = data.path ? startPath(dir, onRead) : null
  const sync = data.sync === undefined ? null : startSync(dir, data.sync)
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
    send: async (on) => sync?.send(on),
    sent: () => sync?.row() ?? null,
    stop: async () => {
      await channel.ask('stop', null)
      await path?.ask('stop', null)
      await sync?.stop()
    },
  }
}

function told(change: () => void): void {
  change()
  progressed()
}

function startPath(dir: string, onRead: (offset: number) => void): Channel<StreamSide> {
  const of: StreamData = {
    logDir: dir,
    viewsFile: join(dir, 'views.db'),
    snapshots: join(dir, 'snapshots'),
    maxViewsBytes: null,
  }
  const worker = startWorker(moduleBeside(import.meta.url, '../stream-thread'), 'stream', of)
  return openChannel<StreamSide, FromStream>(worker, {
    asks: {},
    tells: { ready: () => {}, views: ({ offset }) => onRead(offset), unborn: () => {}, lacks: () => {} },
  })
}

function startSync(dir: string, { address, topic }: NonNullable<SubscriberData['sync']>) {
  let row: DestinationRow | null = null
  const places: ForwardData = {
    logDir: dir,
    head: null,
    viewsFile: join(dir, 'views.db'),
    stateFile: join(dir, 'state.db'),
  }
  const worker = startWorker(
    new URL(`../forward-thread${extname(import.meta.url)}`, import.meta.url),
    'forward',
    places,
  )
  const channel = openChannel<ForwardSide, FromForward>(worker, {
    asks: {},
    tells: {
      rows: ([first]) => {
        row = first ?? null
      },
    },
  })
  const topics = { telemetry: topic, alerts: `${topic}.alerts`, status: `${topic}.status`, deadletter: `${topic}.dead` }
  return {
    row: () => row,
    upto: (offset: number) => channel.tell('upto', offset),
    send(on: boolean) {
      const create = { allowed: true, partitions: 4, replication: 1, retentionHours: -1 }
      const destination = destinationOf({ name: topic, brokers: [address], topics, create, paused: !on })
      return channel.ask('destinations', { site: 'bench', destinations: [{ destination, password: null }] })
    },
    stop: () => channel.ask('stop', null),
  }
}
