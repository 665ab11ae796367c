import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { FromStream, StreamSide, ViewsAt } from '../../../core/host/protocols.ts'
import { nextTry, type Stopped, startThread } from '../../../core/host/supervise.ts'
import { openLog } from '../../../core/log/log.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fieldwatch-supervise-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('a thread that falls says why and until when, and runs again by itself when the reason is gone', async () => {
  openLog(join(dir, 'log')).close()
  const fell = Promise.withResolvers<Stopped>()
  const views = Promise.withResolvers<ViewsAt>()
  let viewsFile = join(dir, 'not-there', 'views.db')
  const stream = startThread<StreamSide, FromStream>({
    name: 'stream',
    now: Date.now,
    data: () => ({ logDir: join(dir, 'log'), viewsFile, snapshots: join(dir, 'snapshots') }),
    handlers: {
      asks: {},
      tells: { ready: () => undefined, unborn: () => undefined, lacks: () => undefined, views: views.resolve },
    },
    changed: () => {
      const why = stream.stopped()
      if (why !== null) fell.resolve(why)
    },
  })
  const why = await fell.promise
  expect(why).toMatchObject({ thread: 'stream', message: expect.stringContaining('directory does not exist') })
  expect(why.restartAt).toBe(why.since + 1_000)
  await expect(stream.ask('stop', null)).rejects.toMatchObject({
    code: 'stopped',
    message: expect.stringContaining('stream thread is not running'),
  })

  viewsFile = join(dir, 'views.db')
  expect(await views.promise).toMatchObject({ offset: 0 })
  expect(stream.stopped()).toBeNull()
  await stream.stop(5_000)
})

test('pauses double up to five minutes, and it never gives up; old falls are forgiven', () => {
  const falls: number[] = [0]
  while (falls.length < 30) falls.push(nextTry(falls))
  const pauses = falls.slice(1).map((at, i) => at - falls[i]!)
  expect(pauses.slice(0, 5)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000])
  expect(Math.max(...pauses)).toBe(300_000)
  expect(nextTry([1, 2, 3, 4_000_000])).toBe(4_001_000)
})
