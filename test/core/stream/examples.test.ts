import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { configSchema } from '../../../core/config/settings.ts'
import type { FileConfig } from '../../../core/contract/calls.ts'
import type { Alert, Rule } from '../../../core/contract/model.ts'
import { mappingOf } from '../../../core/ingest/file/mapping.ts'
import { openTail } from '../../../core/ingest/file/tail.ts'
import { createPath } from '../../../core/stream/path.ts'
import { blockMaker, Recorder, type Writing } from '../../support/stream.ts'

test('a boiler: one alert for the heat, and one for a mode that it was never in', () => {
  const found = namesOf(alertsOf('plant'))
  expect(found('hot')).toEqual(['boiler 2 temp'])
  expect(found('odd-mode')).toEqual(['boiler 2 mode'])
})

test('payments: too many in a minute, an amount that is unusual for its card, a country that is new for it', () => {
  const found = namesOf(alertsOf('cards'))
  expect(found('velocity')).toEqual(['card 4821 amount'])
  expect(found('band')).toEqual(['card 7730 amount'])
  expect(found('new-country')).toEqual(['card 1195 country'])
})

test('clicks: errors of a step, a visitor that is no person, and a step that nobody reaches any more', () => {
  const found = namesOf(alertsOf('clicks'))
  expect(found('errors')).toEqual(['step basket status'])
  expect(found('bot')).toEqual(['visitor bot-1 click'])
  expect(found('funnel')).toEqual(['step pay'])
  expect(found('drop')).toEqual(['shop step'])
})

test('clicks: the sessions of each visitor, closed by half an hour without a click', () => {
  const over = alertsOf('clicks').filter(({ rule, device }) => rule === 'session' && device.startsWith('visitor'))
  const found = over.map(({ device, since }) => `${device} until ${new Date(since).toISOString()}`)
  expect(found.sort()).toEqual(sessionsOver(text('clicks/lines.log'), 1_800_000).sort())
  expect(found.filter((one) => one.startsWith('visitor v10 '))).toHaveLength(1) // it came back within the half hour
  expect(found.filter((one) => one.startsWith('visitor v20 '))).toHaveLength(2)
  expect(found.length).toBeGreaterThan(150)
})

/** Reckoned from the lines alone: the last click of each session that was over by the end of the file. */
function sessionsOver(lines: string, gapMs: number): string[] {
  const clicks = lines.trim().split('\n').sort()
  const timeOf = (line: string) => Date.parse(line.split(' ')[0]!) + arrivalMs
  const visitors = Map.groupBy(clicks, (line) => /visitor=(\S+)/.exec(line)![1]!)
  const end = timeOf(clicks.at(-1)!)
  return [...visitors].flatMap(([visitor, own]) => {
    const times = own.map(timeOf)
    const last = times.filter((time, i) => (times[i + 1] ?? end) - time >= gapMs)
    return last.map((time) => `visitor ${visitor} until ${new Date(time).toISOString()}`)
  })
}

/** From the time in a line until it is read. */
const arrivalMs = 200

/** What each rule found in the lines of an example, as they came when they were written. */
function alertsOf(example: string): readonly Alert[] {
  const { files } = configSchema.parse(JSON.parse(text(`${example}/config.json`)))
  const rules = JSON.parse(text(`${example}/rules.json`)) as readonly Rule[]
  const lines = files.flatMap((file) => linesOf(example, file)).sort((a, b) => a.time - b.time)
  const first = lines[0]!.time
  const commands = [
    ...files.map((file) => command(first, 'mapping.put', mappingOf(file))),
    ...rules.map((rule) => command(first, 'rule.put', rule)),
  ]
  const alerts: Alert[] = []
  const block = blockMaker()([...commands, ...lines])
  createPath().step(block, 0, block.n, {
    ...new Recorder().emit,
    alert: (alert, { phase }) => {
      if (phase === 'opened') alerts.push(alert)
    },
  })
  return alerts
}

function namesOf(alerts: readonly Alert[]): (rule: string) => readonly string[] {
  return (rule) => [
    ...new Set(
      alerts
        .filter((alert) => alert.rule === rule)
        .map(({ device, signal }) => (signal === null ? device : `${device} ${signal}`)),
    ),
  ]
}

function linesOf(example: string, { name, topic }: FileConfig): readonly Writing[] {
  const tail = openTail(path(`${example}/lines.log`), null)
  const found: Writing[] = []
  for (let more = true; more; ) {
    const read = tail.read(1_000)
    more = read.more
    for (const { bytes } of read.lines) {
      const time = Date.parse(Buffer.from(bytes).toString().split(' ')[0]!)
      found.push({ kind: 'message', source: name, name: topic, time: time + arrivalMs, body: new Uint8Array(bytes) })
    }
  }
  tail.close()
  return found
}

function command(time: number, name: string, value: unknown): Writing {
  return { kind: 'command', source: '', name, time, body: JSON.stringify(value) }
}

function text(name: string): string {
  return readFileSync(path(name), 'utf8')
}

function path(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/examples/${name}`, import.meta.url))
}
