import { parentPort, workerData } from 'node:worker_threads'
import { type Held, holdViews } from '../views/snapshot.ts'
import type { FromSnapshot, SnapshotData, SnapshotSide } from './protocols.ts'
import { openChannel } from './thread.ts'

// Writes one snapshot, for as long as that takes, while the stream thread goes on.

const { snapshots, viewsFile } = workerData as SnapshotData // made by SnapshotTaker, which is typed the same
let held: Held | null = null

const stream = openChannel<FromSnapshot, SnapshotSide>(parentPort!, {
  asks: {
    hold: () => {
      held = holdViews(viewsFile)
      return null
    },
    write: (at) => {
      held!.write(snapshots, at)
      return null
    },
    stop: () => {
      held?.close()
      return null
    },
  },
  tells: {},
})
stream.tell('ready', null)
