import { dirname } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { openReader } from '../log/reader.ts'
import { startForward } from '../sync/forward.ts'
import { giveWay } from './give-way.ts'
import type { ForwardData, ForwardSide, FromForward } from './protocols.ts'
import { openChannel } from './thread.ts'

// Sends to Kafka; the only writer of state.db. Its work and its hangs stop nothing else.

const tellEvery = 500

const { logDir, head, viewsFile, stateFile } = workerData as ForwardData // made by the host, which is typed the same
giveWay() // a backlog takes a core for minutes, and what is captured must be acknowledged meanwhile
let telling = false
const reader = openReader(logDir)
const forward = startForward({
  dir: dirname(stateFile),
  reader,
  head: head ?? reader.head(),
  viewsFile,
  site: '',
  destinations: [],
  now: Date.now,
  onStatus: tellSoon,
})

const host = openChannel<FromForward, ForwardSide>(parentPort!, {
  asks: {
    destinations: async ({ site, destinations }) => {
      await forward.update(destinations, site)
      return null
    },
    retryNow: (name) => {
      forward.retryNow(name)
      return null
    },
    createTopics: async (name) => ({ created: await forward.createTopics(name) }),
    ledger: (input) => forward.ledger(input),
    lag: (input) => forward.lag(input),
    outages: () => forward.outages(),
    count: (input, signal) => forward.count(input, signal),
    sendAgain: (input) => forward.sendAgain(input),
    check: (input) => forward.check(input),
    cancel: (id) => {
      forward.cancel(id)
      return null
    },
    jobs: (limit) => forward.jobRows(limit),
    aside: (input) => forward.aside(input),
    letGo: () => {
      forward.letGo()
      return null
    },
    stop: async () => {
      await forward.stop()
      reader.close()
      return null
    },
  },
  tells: { upto: (offset) => forward.head(offset), around: (surroundings) => forward.around(surroundings) },
})

/** At most twice a second, and always what is true then. */
function tellSoon(): void {
  if (telling) return
  telling = true
  setTimeout(() => {
    telling = false
    host.tell('rows', forward.rows())
  }, tellEvery)
}
