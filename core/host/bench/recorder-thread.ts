import { parentPort, workerData } from 'node:worker_threads'
import { sourceSchema } from '../../config/settings.ts'
import { startCapture } from '../../ingest/capture.ts'
import { type Log, openLog } from '../../log/log.ts'
import { openChannel } from '../thread.ts'
import type { FromRecorder, RecorderData, RecorderSide } from './sides.ts'

// The recorder as the ingest thread runs it, on a log whose commits can be made slower.

const { dir, url, clientId, topic, commitDelay } = workerData as RecorderData // made by the subscriber, which is typed the same
const log = openLog(dir)
const parent = openChannel<FromRecorder, RecorderSide>(parentPort!, {
  asks: {
    stop: async () => {
      await capture.stop()
      log.close()
      return null
    },
  },
  tells: {},
})
const capture = startCapture({
  log: commitDelay === 0 ? log : slowed(log),
  now: Date.now,
  linger: 20,
  onHead: (head, time) => parent.tell('head', { head, time }),
  onStatus: () => {},
})
capture.addSource(sourceSchema.parse({ name: 'bench', url, topics: [topic], clientId }), null)

/** The thread stands still, as it does in a slow `fsync`. */
function slowed(fast: Log): Log {
  return Object.create(fast, {
    append: {
      value: (records: Parameters<Log['append']>[0]) => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, commitDelay)
        return fast.append(records)
      },
    },
  }) as Log
}
