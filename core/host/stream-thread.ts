import { statfsSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { openReader } from '../log/reader.ts'
import { limitBytes } from '../log/retention.ts'
import { beginViews } from '../views/begin.ts'
import { openSnapshots } from '../views/snapshot.ts'
import { BaseKeeper } from './base-keeper.ts'
import { tuneEngine } from './engine.ts'
import { follow } from './follow.ts'
import { openAlertCount } from './open-alerts.ts'
import type { FromStream, StreamData, StreamSide } from './protocols.ts'
import { ReadAhead } from './read-ahead.ts'
import { SnapshotKeeper } from './snapshot-keeper.ts'
import { SnapshotTaker } from './snapshot-taker.ts'
import { moduleBeside, openChannel } from './thread.ts'
import { openUnborn } from './unborn.ts'

// Runs the one path over the log, live and in catch-up alike; the only writer of the views.

const { logDir, viewsFile, snapshots, maxViewsBytes } = workerData as StreamData // made by the host, which is typed the same
tuneEngine()
const ahead = new ReadAhead(logDir, moduleBeside(import.meta.url, 'read-ahead-thread'))
const reader = openReader(logDir, { damaged: 'skip', ahead }) // the path says what is missing, and goes on
const { views, path, note } = beginViews(viewsFile, reader)
openSnapshots(snapshots, views.ahead() ?? [])
const alerts = openAlertCount(viewsFile)
const unborn = openUnborn(viewsFile)
const base = new BaseKeeper(logDir, Date.now, views.ahead() ?? [])
const taker = new SnapshotTaker(new SnapshotKeeper(snapshots, reader), { snapshots, viewsFile }, () => following.wake())
let viewsLimit = limitOf(maxViewsBytes)

const host = openChannel<FromStream, StreamSide>(parentPort!, {
  asks: {
    stop: async () => {
      await following.stop()
      await taker.close()
      base.close()
      alerts.close()
      unborn.close()
      views.close()
      reader.close()
      return null
    },
  },
  tells: {
    head: () => following.wake(),
    maxViewsBytes: (bytes) => {
      viewsLimit = limitOf(bytes)
    },
  },
})
host.tell('ready', { note })
const following = follow({
  reader,
  views,
  path,
  base,
  snapshots: taker,
  now: Date.now,
  openAlerts: alerts.count,
  viewsLimit: () => viewsLimit,
  onViews: (at) => {
    host.tell('views', at)
    for (const topic of unborn.look(Date.now())) host.tell('unborn', topic)
  },
})

function limitOf(maxBytes: number | null): number {
  const { blocks, bsize } = statfsSync(logDir)
  return limitBytes(maxBytes, blocks * bsize)
}
