import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { History } from '../../../core/host/history.ts'
import { openReader } from '../../../core/log/reader.ts'
import { mappingsAhead } from '../../../core/views/ahead.ts'
import { atEnd } from '../../support/at-end.ts'
import { eventually } from '../../support/eventually.ts'
import { oddMapping } from '../../support/odd-mapping.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { buildViews, dump, writeLog } from '../../support/views.ts'

test('where views cannot be switched in the old ones go on, and it is tried again a minute later', async () => {
  const dir = tempDir()
  const [logDir, viewsFile, fresh] = [join(dir, 'log'), join(dir, 'views.db'), join(dir, 'fresh.db')]
  const message = { kind: 'message', source: 'a', name: 'x/odd', time: 1_760_000_000_000, body: '\u0001p=7' } as const
  writeLog(logDir, [message, message])
  buildViews(logDir, viewsFile)
  const before = dump(viewsFile)
  const body = JSON.stringify(oddMapping(0))
  writeLog(logDir, [{ kind: 'command', source: '', name: 'mapping.put', time: message.time, body }])
  const log = openReader(logDir)
  const ahead = mappingsAhead(log)
  log.close()

  let [now, tries] = [0, 0]
  const history: History = new History({
    viewsFile,
    data: () => ({ logDir, viewsFile, maxViewsBytes: null, minFreeBytes: 0 }),
    offset: () => 3,
    without: async (something) => {
      await something()
      tries += 1
      setImmediate(() => void history.want(tries === 1 ? ahead : null)) // as the path says that is started then
    },
    letGo: async () => {},
    now: () => now,
    changed: () => {},
  })
  atEnd(() => history.stop())
  mkdirSync(join(dir, 'views.ready.db', 'in the way'), { recursive: true })
  await history.want(ahead)
  await eventually(() => tries === 1 && history.thread !== null && history.row()?.done === 1)
  expect(tries).toBe(1)
  expect(dump(viewsFile)).toEqual(before)

  rmSync(join(dir, 'views.ready.db'), { recursive: true })
  now = 60_000
  writeLog(logDir, [message])
  history.thread!.tell('head', { head: 4, time: message.time })
  await eventually(() => history.row() === null)
  buildViews(logDir, fresh)
  expect(dump(viewsFile)).toEqual(dump(fresh))
}, 120_000)
