import { appendFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { follow } from '../../../core/host/follow.ts'
import { SnapshotKeeper, type Standing, tooMany } from '../../../core/host/snapshot-keeper.ts'
import { SnapshotTaker } from '../../../core/host/snapshot-taker.ts'
import { baseFile } from '../../../core/log/base.ts'
import { openReader } from '../../../core/log/reader.ts'
import { startRun } from '../../../core/replay/run.ts'
import { beginViews } from '../../../core/views/begin.ts'
import { listSnapshots, openSnapshots, takeSnapshot } from '../../../core/views/snapshot.ts'
import { eventually } from '../../support/eventually.ts'
import { expectKept } from '../../support/kept.ts'
import { watched } from '../../support/path/runs.ts'
import { stateTables } from '../../support/saved-state.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { writeLog } from '../../support/views.ts'

const hour = 3_600_000

describe('a replay that begins at a snapshot', () => {
  for (const seed of [71, 72])
    test(`says what one from the base of the log says, seed ${seed}`, () => {
      const { dir, snapshots } = withSnapshots(seed)
      expect(snapshots.length).toBeGreaterThan(4)
      const whole = replay(dir, 0)
      for (const { next } of [snapshots[1]!, snapshots.at(-2)!]) {
        const part = replay(dir, next + 20)
        expect([part.from, whole.from]).toEqual([next, 0])
        expectKept(part.views, whole.views, next, stateTables) // a replay saves none
      }
    }, 120_000)

  test('begins at the one before when one is damaged, and at the base when there is none before, seed 73', () => {
    const { dir, snapshots } = withSnapshots(73)
    const [first, second, third] = snapshots
    appendFileSync(baseFile(join(dir, 'snapshots'), third!.next), 'x')
    expect(replay(dir, third!.next + 1).from).toBe(second!.next)
    expect(replay(dir, first!.next - 1).from).toBe(0)
    writeFileSync(join(dir, 'snapshots', 'made-by.json'), 'another version')
    openSnapshots(join(dir, 'snapshots'), [])
    expect(readdirSync(join(dir, 'snapshots'))).toEqual(['made-by.json'])
  }, 120_000)
})

test('a snapshot is of the record at which it was due, though the path goes on meanwhile, seed 74', async () => {
  const dir = tempDir()
  const records = watched(74, 4_000)
  const half = records.length >> 1
  writeLog(join(dir, 'log'), records.slice(0, half))
  const log = openReader(join(dir, 'log'))
  const { views, path } = beginViews(join(dir, 'views.db'), log)
  const data = { snapshots: join(dir, 'snapshots'), viewsFile: join(dir, 'views.db') }
  openSnapshots(data.snapshots, [])
  const taker = new SnapshotTaker(new SnapshotKeeper(data.snapshots, log, 100), data, () => following.wake())
  const following = follow({
    reader: log,
    path,
    views,
    base: { work: () => false },
    snapshots: {
      isDue: (next, time) => next === half && taker.isDue(next, time),
      hold: async (known) => {
        await taker.hold(known)
        writeLog(join(dir, 'log'), records.slice(half))
        following.wake()
      },
      write: () => taker.write(),
    },
    now: Date.now,
    viewsLimit: () => Number.POSITIVE_INFINITY,
    openAlerts: () => 0,
    onViews: () => {},
  })
  await eventually(() => listSnapshots(data.snapshots).length > 0 && views.upto === records.length)
  await following.stop()
  await taker.close()
  views.close()
  log.close()
  const part = replay(dir, half + 20)
  expect(part.from).toBe(half)
  expectKept(part.views, replay(dir, 0).views, half, stateTables)
}, 300_000)

/** A log with views and with snapshots as live: asked after each block, here with room for all. */
function withSnapshots(seed: number) {
  const dir = tempDir()
  writeLog(join(dir, 'log'), watched(seed, 4_000))
  const log = openReader(join(dir, 'log'))
  const file = join(dir, 'views.db')
  const { views, path } = beginViews(file, log)
  openSnapshots(join(dir, 'snapshots'), [])
  const keeper = new SnapshotKeeper(join(dir, 'snapshots'), log, 100)
  for (let block = log.read(0); block !== null; block = log.read(path.next)) {
    path.step(block, path.next - block.first, block.n, views)
    if (!keeper.isDue(path.next, block.time[block.n - 1]!)) continue
    views.saveState(path)
    takeSnapshot(join(dir, 'snapshots'), file, path.known())
    keeper.took(path.known())
  }
  views.close()
  log.close()
  return { dir, snapshots: listSnapshots(join(dir, 'snapshots')) }
}

function replay(dir: string, from: number) {
  const log = openReader(join(dir, 'log'))
  const views = join(tempDir(), 'scratch.db')
  const run = startRun({ log, span: { from, to: log.head() }, scratch: views, snapshots: join(dir, 'snapshots') })
  while (run.step(1_000));
  run.close()
  log.close()
  return { from: run.from, views }
}

describe('snapshots', () => {
  const each = (times: readonly number[], bytes = 10): Standing[] => times.map((time, next) => ({ next, time, bytes }))
  const left = (standing: Standing[], now: number, room: number) => {
    const gone = tooMany(standing, now, room)
    return standing.filter(({ next }) => !gone.has(next)).map(({ time }) => time / hour)
  }

  test('are kept one an hour for two days, one a day before', () => {
    const times = Array.from({ length: 24 * 6 * 2 }, (_, i) => (i * hour) / 2)
    const kept = left(each(times), 144 * hour, Infinity)
    expect(kept.filter((time) => time < 96)).toEqual([0, 24, 48, 72])
    expect(kept.filter((time) => time >= 96)).toEqual(Array.from({ length: 48 }, (_, i) => 96 + i))
  })

  test('never pass their room, and those that are left lie apart', () => {
    const kept = left(each(Array.from({ length: 40 }, (_, i) => i * hour)), 40 * hour, 100)
    expect(kept).toHaveLength(10)
    expect(kept.at(-1)).toBe(39)
    const gaps = kept.slice(1).map((time, i) => time - kept[i]!)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(8)
    expect(left(each([hour], 101), 2 * hour, 100)).toEqual([])
  })
})
