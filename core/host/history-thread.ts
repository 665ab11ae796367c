import { setTimeout as pause } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import { openReader } from '../log/reader.ts'
import type { Ahead } from '../stream/plant.ts'
import { type Begun, beginViews } from '../views/begin.ts'
import { bytesOf, dropNext, makeReady, nextOf } from '../views/next.ts'
import { freeBytesAt, viewsLimit } from './disk.ts'
import { tuneEngine } from './engine.ts'
import { type Following, follow } from './follow.ts'
import { giveWay } from './give-way.ts'
import type { FromHistory, HistoryData, HistorySide, ViewsAt } from './protocols.ts'
import { openChannel } from './thread.ts'

// Reads what is kept once more, with mappings that the live path does not know ahead, into views of its own that then take
// the place of the live ones. The live path goes on meanwhile, and goes first.

const { logDir, viewsFile, ahead, ...bounds } = workerData as HistoryData // made by the host, which is typed the same
/** As long as a turn of work, because others run too. */
const breath: Millis = 10
const lookForRoom: Millis = 1_000
let { maxViewsBytes, minFreeBytes } = bounds
let following: Following | null = null
tuneEngine()
giveWay()

const host = openChannel<FromHistory, HistorySide>(parentPort!, {
  asks: {
    finish: async (offset) => {
      await reads(offset)
      await close()
      makeReady(viewsFile)
      return null
    },
    stop: async () => {
      await close()
      return null
    },
  },
  tells: {
    head: () => following?.wake(),
    maxViewsBytes: (bytes) => {
      maxViewsBytes = bytes
    },
    minFreeBytes: (bytes) => {
      minFreeBytes = bytes
    },
  },
})
await room()
const reader = openReader(logDir, { damaged: 'skip' })
const base = reader.base()
const { views, path } = begin(ahead.filter(({ offset }) => offset >= base))
let before = Math.max(base, path.next)
following = follow({
  reader,
  path,
  views,
  base: { work: () => false },
  snapshots: { isDue: () => false, hold: async () => {}, write: () => {} },
  now: Date.now,
  viewsLimit: () => viewsLimit(logDir, maxViewsBytes),
  openAlerts: () => 0,
  onViews: tell,
  breathe: () => {
    mustBeWhole()
    return pause(breath)
  },
})

/** Until the disk has room for views as large as those of now, and for what the log wants to be left free. */
async function room(): Promise<void> {
  if (freeBytesAt(logDir) < minFreeBytes) dropNext(viewsFile)
  for (;;) {
    const lacksBytes = bytesOf(viewsFile) - bytesOf(nextOf(viewsFile)) - (freeBytesAt(logDir) - minFreeBytes)
    if (lacksBytes <= 0) return
    host.tell('at', { saved: 0, done: 0, secondsLeft: null, near: false, lacksBytes })
    await pause(lookForRoom)
  }
}

/** Goes on where it stopped, unless more is to be known ahead than then. */
function begin(wanted: readonly Ahead[]): Begun {
  const begun = beginViews(nextOf(viewsFile), reader, { ahead: wanted })
  const known = new Set(begun.views.ahead()?.map(({ offset }) => offset))
  if (wanted.every(({ offset }) => known.has(offset))) return begun
  begun.views.close()
  dropNext(viewsFile)
  return beginViews(nextOf(viewsFile), reader, { ahead: wanted })
}

function tell({ offset, saved, catchingUp }: ViewsAt): void {
  const done = Math.max(0, offset - base) / Math.max(1, reader.head() - base)
  const near = catchingUp === null
  if (!near && freeBytesAt(logDir) < minFreeBytes) startAnew('the disk has less room than is to be left free')
  host.tell('at', { saved, done, secondsLeft: catchingUp?.secondsLeft ?? null, near, lacksBytes: null })
}

/** Before it was heard that they are needed, records may have gone that were not read yet. */
function mustBeWhole(): void {
  if (reader.base() > before) startAnew('the log let go of records that were not read again yet')
  before = Math.max(before, path.next)
}

function startAnew(why: string): never {
  views.close()
  dropNext(viewsFile)
  throw new FieldError('stopped', `${why}, so history is read again from the beginning`)
}

async function reads(offset: Offset): Promise<void> {
  while (path.next < offset) await pause(breath)
  mustBeWhole()
}

/** Also where it is closed already, or waits for room. */
async function close(): Promise<void> {
  const ending = following
  following = null
  if (ending === null) return
  await ending.stop()
  views.close()
  reader.close()
}
