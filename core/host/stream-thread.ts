import { parentPort, workerData } from 'node:worker_threads'
import { openReader } from '../log/reader.ts'
import type { Ahead } from '../stream/plant.ts'
import { aheadWith } from '../views/ahead.ts'
import { beginViews } from '../views/begin.ts'
import { openSnapshots } from '../views/snapshot.ts'
import { BaseKeeper } from './base-keeper.ts'
import { viewsLimit } from './disk.ts'
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
const base = new BaseKeeper(logDir, Date.now, knownAnew())
const taker = new SnapshotTaker(new SnapshotKeeper(snapshots, reader), { snapshots, viewsFile }, () => following.wake())
let limit = viewsLimit(logDir, maxViewsBytes)

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
      limit = viewsLimit(logDir, bytes)
    },
  },
})
host.tell('ready', { note })
tellLacks()
const following = follow({
  reader,
  views,
  path,
  base,
  snapshots: taker,
  now: Date.now,
  openAlerts: alerts.count,
  viewsLimit: () => limit,
  onViews: (at) => {
    host.tell('views', at)
    for (const topic of unborn.look(Date.now())) host.tell('unborn', topic)
  },
  onLacking: () => {
    base.forget(knownAnew())
    tellLacks()
  },
})

/** What a path that reads the kept log anew would know ahead. */
function knownAnew(): readonly Ahead[] {
  return aheadWith(views.ahead() ?? [], path.lacking)
}

function tellLacks(): void {
  host.tell('lacks', path.lacking.length === 0 ? null : knownAnew())
}
