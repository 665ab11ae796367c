import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { destinationOf } from '../../config/settings.ts'
import { openReader } from '../../log/reader.ts'
import { type Forward, startForward } from '../../sync/forward.ts'
import { answerParent, dataFromParent } from './child.ts'
import type { ForwardBenchData, ForwardBenchSide, ForwardFigure } from './sides.ts'

// The forward thread's work in a process of its own: it sends a whole log, each time to a destination of another name.

const { dir, address, topic, more } = dataFromParent() as ForwardBenchData // made by `startChild`'s caller, which is typed the same
let runs = 0
let forward: Forward | null = null
let changed = Promise.withResolvers<void>()

answerParent<ForwardBenchSide>({
  asks: {
    send: async ({ upto }) => {
      await forward?.stop()
      forward = open()
      forward.head(upto)
      await until((of) => of.doing === 'sending')
      const from = { at: performance.now(), cpu: process.cpuUsage() }
      const { confirmed } = await until((of) => of.next >= upto && of.acked >= upto)
      const { user, system } = process.cpuUsage(from.cpu)
      return figure(performance.now() - from.at, user + system, confirmed.records, confirmed.transactions)
    },
    idle: async ({ ms }) => {
      await until((of) => of.state === 'live')
      const cpu = process.cpuUsage()
      await new Promise((resolve) => setTimeout(resolve, ms))
      const { user, system } = process.cpuUsage(cpu)
      return figure(ms, user + system, 0, 0)
    },
    stop: async () => {
      await forward?.stop()
      return null
    },
  },
  tells: {},
})

function open(): Forward {
  const state = join(dir, `state-${process.pid}-${runs++}`)
  mkdirSync(state)
  const topics = { telemetry: topic, alerts: `${topic}.alerts`, status: `${topic}.status`, deadletter: `${topic}.dead` }
  const create = { allowed: true, partitions: 4, replication: 1, retentionHours: -1 }
  const destination = destinationOf({ name: `run-${process.pid}-${runs}`, brokers: [address], topics, create, ...more })
  const reader = openReader(join(dir, 'log'))
  return startForward({
    dir: state,
    reader,
    head: reader.head(),
    viewsFile: join(dir, 'views.db'),
    site: 'bench',
    destinations: [{ destination, password: null }],
    now: Date.now,
    onStatus: () => {
      changed.resolve()
      changed = Promise.withResolvers()
    },
  })
}

async function until(fact: (row: ReturnType<Forward['rows']>[0]) => boolean) {
  for (;;) {
    const row = forward!.rows()[0]! // opened by `send`
    if (row.error !== null) throw new Error(row.error.message)
    if (fact(row)) return row
    await changed.promise
  }
}

function figure(ms: number, cpuMicros: number, records: number, transactions: number): ForwardFigure {
  return { ms, cpuMicros, records, transactions, rss: process.memoryUsage.rss() }
}
