import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLog } from '../../../core/log/log.ts'
import { openReader } from '../../../core/log/reader.ts'
import { openLogSource } from '../../../core/sync/log-source.ts'
import { openViews } from '../../../core/views/writer.ts'
import { madeChanges } from '../../support/kafka/made-source.ts'
import { type Metric, sparkplug } from '../../support/sparkplug.ts'
import { buildViews } from '../../support/views.ts'

const time = 1_795_490_400_000
const text = (words: string) => new TextEncoder().encode(words)
const message = (name: string, words: string) => ({
  time,
  kind: 'message' as const,
  source: 'plant',
  name,
  qos: 1 as const,
  bytes: text(words),
})

function made() {
  const dir = mkdtempSync(join(tmpdir(), 'fieldwatch-source-'))
  const log = openLog(join(dir, 'log'))
  log.append([
    message('hall/press', `{"temp":21.5,"door":true,"state":"run","ts":${time - 5_000}}`),
    { time, kind: 'tick', source: '', name: '', bytes: text('') },
    message('hall/press/speed', '12'),
  ])
  log.append([message('hall/odd', '{"broken":'), message('hall/oven', '{"ts":"2100-01-01T00:00:00Z","temp":3}')])
  const views = join(dir, 'views.db')
  const source = openLogSource(openReader(join(dir, 'log')), views)
  source.setUpto(99)
  return { source, views }
}

test('messages come with the readings that the path sees: event time, index, device and signal', () => {
  const { source } = made()
  const { messages, to } = source.messages(0, source.upto(), 1_000, 1_000)
  expect(to).toBe(5)
  expect(messages.flatMap(({ readings }) => readings)).toEqual([
    { offset: 0, index: 0, device: 'hall/press', signal: 'temp', time: time - 5_000, value: 21.5, unit: null },
    { offset: 0, index: 1, device: 'hall/press', signal: 'door', time: time - 5_000, value: true, unit: null },
    { offset: 0, index: 2, device: 'hall/press', signal: 'state', time: time - 5_000, value: 'run', unit: null },
    { offset: 2, index: 0, device: 'hall/press', signal: 'speed', time, value: 12, unit: null },
    { offset: 4, index: 0, device: 'hall/oven', signal: 'temp', time, value: 3, unit: null },
  ])
  expect(messages[2]).toMatchObject({ undecodable: 'not_json', device: 'hall/odd', record: { offset: 3 } })
})

test('reading stops at the bound before the message that would pass it, and at the limit', () => {
  const { source } = made()
  expect(source.messages(0, 5, 3, 1_000).to).toBe(2)
  expect(source.messages(0, 2, 1_000, 1_000).to).toBe(2)
  expect(source.messages(0, 5, 1, 1_000).messages).toHaveLength(1)
  expect(source.messages(0, 5, 1_000, 60).to).toBe(3)
  expect(source.messages(0, 5, 1_000, 1).messages).toHaveLength(1)
})

test('nothing passes what the views hold, nor the head', () => {
  const { source } = made()
  expect(source.upto()).toBe(5)
  source.setUpto(2)
  expect(source.upto()).toBe(2)
  expect(source.timeAt(4)).toBe(time)
  expect(source.timeAt(5)).toBeNull()
})

test('transitions come from the views by offset, numbered within it', () => {
  const { source, views } = made()
  expect(source.changes({ from: 0, to: 99 })).toEqual([])
  const writer = openViews(views, {})
  for (const { alert, transition } of [...madeChanges(0, 1), ...madeChanges(50, 51), ...madeChanges(50, 51)]) {
    writer.at(transition.offset, transition.time)
    writer.alert(alert, transition)
  }
  writer.flush()
  writer.close()
  expect(source.changes({ from: 1, to: 99 }).map(({ seq, alert }) => [seq, alert.id])).toEqual([
    [0, 'band:1:50'],
    [1, 'band:1:50'],
  ])
})

test('a message that names its metrics by alias has the names of the birth that came before it', () => {
  const dir = mkdtempSync(join(tmpdir(), 'fieldwatch-source-'))
  const node = (kind: string, metrics: readonly Metric[]) => ({
    ...message(`spBv1.0/works/${kind}/line-1`, ''),
    bytes: sparkplug(0, time, metrics),
  })
  const log = openLog(join(dir, 'log'))
  log.append([node('NBIRTH', [{ name: 'flow', alias: 7, value: 1 }]), node('NDATA', [{ alias: 7, value: 2 }])])
  log.append([node('NBIRTH', [{ name: 'level', alias: 7, value: 3 }]), node('NDATA', [{ alias: 7, value: 4 }])])
  buildViews(join(dir, 'log'), join(dir, 'views.db'))
  const source = openLogSource(openReader(join(dir, 'log')), join(dir, 'views.db'))
  const read = source
    .messages(1, 4, 1_000)
    .messages.map(({ readings }) => readings.map((one) => [one.signal, one.value]))
  expect(read).toEqual([
    [['flow', 2]],
    [
      ['online', true],
      ['level', 3],
    ],
    [['level', 4]],
  ])
  expect(source.messages(1, 2, 1_000).messages[0]!.readings[0]!.signal).toBe('flow')
})
