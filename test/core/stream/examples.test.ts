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
  const found = alertsOf('plant')
  expect(found('hot')).toEqual(['boiler 2 temp'])
  expect(found('odd-mode')).toEqual(['boiler 2 mode'])
})

test('payments: too many in a minute, an amount that is unusual for its card, a country that is new for it', () => {
  const found = alertsOf('cards')
  expect(found('velocity')).toEqual(['card 4821 amount'])
  expect(found('band')).toEqual(['card 7730 amount'])
  expect(found('new-country')).toEqual(['card 1195 country'])
})

test('clicks: errors of a step, a visitor that is no person, and a step that nobody reaches any more', () => {
  const found = alertsOf('clicks')
  expect(found('errors')).toEqual(['step basket status'])
  expect(found('bot')).toEqual(['visitor bot-1 click'])
  expect(found('silence').filter((about) => about.startsWith('step'))).toEqual(['step pay'])
})

/** What each rule found in the lines of an example, as they came when they were written. */
function alertsOf(example: string): (rule: string) => readonly string[] {
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
      found.push({ kind: 'message', source: name, name: topic, time: time + 200, body: new Uint8Array(bytes) })
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
