import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/app.ts'
import { hasChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'
import { openScreen, type Screen } from '../support/screen.ts'
import type { Writing } from '../support/stream.ts'
import { writeLog } from '../support/views.ts'

// A person asks in a real browser what became of an hour of the week before last, of all sources and of one device.

const minute = 60_000
const hour = 60 * minute
const start = Math.floor(Date.now() / hour) * hour - 12 * 24 * hour

describe.skipIf(!hasChromium)('the continuity of any span', () => {
  let screen: Screen | undefined
  let page: Page
  let api: Client
  let dir = ''

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'fieldwatch-span-'))
    writeLog(join(dir, 'log'), history())
    screen = await openScreen(['--data', dir], { env: { TZ: 'UTC' } })
    ;({ api, page } = screen)
    await until('the views', async () => (await api.call('health', { at: null })).catchingUp === null)
  }, 120_000)

  afterAll(async () => {
    await screen?.close()
    if (dir !== '') rmSync(dir, { recursive: true, force: true })
  })

  const ask = async (from: number, to: number) => {
    await page.getByRole('textbox', { name: 'From, UTC' }).fill(field(from))
    await page.getByRole('textbox', { name: 'To, UTC' }).fill(field(to))
    await page.getByRole('button', { name: 'Show', exact: true }).click()
  }

  test('is asked for on the page of all sources, and what is no span is said', async () => {
    await page.goto(`${api.origin}/#/continuity`)
    await page.getByRole('button', { name: 'Other', exact: true }).click()
    await ask(start, start + hour)
    await page.getByText('1 gap, at most 5 min of one source.').waitFor()
    await page.getByText('58 messages, 2 sent again by the broker.').waitFor()
    await page.getByText('7 messages left out, as you asked: 7 of cam/#.').waitFor()
    const causes = page.getByRole('table').getByRole('row').filter({ hasText: 'broker link down' })
    await expect.poll(() => causes.count(), { timeout: 20_000 }).toBe(1)
    await ask(start + hour, start + 1.5 * hour)
    await page.getByText(/^No gap from /).waitFor()
    await ask(start + hour, start)
    await page.getByText(`${field(start)} is not after ${field(start + hour)}`).waitFor()
  }, 60_000)

  test('is asked for on the page of a device', async () => {
    await page.goto(`${api.origin}/#/device/${encodeURIComponent('line/p-1')}/details`)
    await page.getByRole('button', { name: 'Other', exact: true }).click()
    await ask(start, start + hour)
    await page.getByText('broker link down').waitFor()
    await page.getByText('57 messages, 2 sent again by the broker.').waitFor()
    await page.getByText('5\u2009% of the messages came with QoS 0').waitFor()
  }, 60_000)
})

/** Two hours of a message a minute; the link is down for five minutes of the first. */
function history(): readonly Writing[] {
  const log: Writing[] = [link(0, '', 'started'), link(0, 'plant', 'up')]
  for (let i = 0; i < 120; i++) {
    if (i === 20) log.push(link(20, 'plant', 'down', { detail: 'gone', cause: 'broker link down' }))
    if (i === 25) log.push(link(25, 'plant', 'up'))
    if (i === 30) log.push(link(30, 'plant', 'left out', { leftOut: [{ topics: 'cam/#', messages: 7 }] }))
    if (i >= 20 && i < 25) continue
    log.push(message(i, 1))
    if (i === 40 || i === 41) log.push(message(i, 9))
    if (i === 50) log.push({ ...message(i, 1), name: 'line/p-2' })
  }
  return log
}

function message(after: number, flags: number): Writing {
  const qos = after >= 26 && after < 29 ? 0 : 1
  return {
    ...{ kind: 'message', source: 'plant', name: 'line/p-1', time: start + after * minute },
    ...{ flags: flags - 1 + qos, body: JSON.stringify({ pressure: 4 + (after % 7) / 10 }) },
  } as const
}

function link(after: number, source: string, name: string, body: object = {}): Writing {
  return { kind: 'link', source, name, time: start + after * minute, body: JSON.stringify(body) }
}

function field(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ')
}
