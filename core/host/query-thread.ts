import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { type ReadCall, readCalls } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import { openQueries } from '../views/queries.ts'
import type { FromQuery, QueryData, QuerySide } from './protocols.ts'
import type { Handlers } from './thread.ts'
import { openChannel } from './thread.ts'

// Answers what pages ask, from read-only connections, so that a slow question stops nothing else.

const { logDir, viewsFile } = workerData as QueryData // made by the host, which is typed the same
const queries = openQueries(viewsFile, logDir)

const host = openChannel<FromQuery, QuerySide>(parentPort!, {
  asks: {
    ...(Object.fromEntries(readCalls.map((name) => [name, answering(name)])) as Pick<
      Handlers<QuerySide>['asks'],
      ReadCall
    >), // one for each name
    probe: async ({ source, password, passphrase = null, listenMs }, signal) =>
      (await import('../ingest/probe.ts')).probe(source, { password, passphrase }, listenMs, signal),
    refer: (command) => queries.refer(command),
    letGo: () => {
      queries.letGo()
      return null
    },
    stop: () => {
      queries.close()
      return null
    },
  },
  tells: {},
})
host.tell('ready', null)

/** A turn of the loop first: a question that was called off while others ran is not asked at all. */
function answering(name: ReadCall): (input: never, signal: AbortSignal) => Promise<unknown> {
  return async (input, signal) => {
    await setImmediate()
    if (signal.aborted) throw new FieldError('stopped', `${name} was called off`)
    return queries[name](input)
  }
}
