import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/app.ts'
import { hasChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'
import { openScreen, type Screen } from '../support/screen.ts'

// A machine calls its signal otherwise after an update. In a real browser, a person confirms its unit, names it and merges the two.

describe.skipIf(!hasChromium)('a signal that has another name since the update', () => {
  let screen: Screen | undefined
  let page: Page
  let api: Client
  let dir = ''
  const file = () => join(dir, 'pump.log')

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'fieldwatch-name-'))
    mkdirSync(join(dir, 'data'))
    writeFileSync(file(), lines('pressure', [5.1, 5.2]) + lines('discharge_pressure', [5.3]))
    const files = [{ name: 'pump', path: file(), topic: 'hall/pump' }]
    writeFileSync(join(dir, 'data', 'config.json'), JSON.stringify({ files }))
    screen = await openScreen(['--data', join(dir, 'data')])
    ;({ api, page } = screen)
  }, 120_000)

  afterAll(async () => {
    await screen?.close()
    if (dir !== '') rmSync(dir, { recursive: true, force: true })
  })

  const signals = async () => (await api.call('device', { id: 'hall/pump', at: null })).signals

  test('is named, its unit confirmed, and both undone', async () => {
    await until('both signals', async () => (await api.call('health', { at: null })).devices.total === 1)
    await until('both signals', async () => (await signals()).length === 2)
    await page.goto(`${api.origin}/#/device/${encodeURIComponent('hall/pump')}/details`)
    await page.getByRole('cell', { name: 'bar ?' }).first().waitFor()
    await page.getByRole('button', { name: 'Change Pressure', exact: true }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('Outlet')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('cell', { name: 'Outlet pressure' }).waitFor()
    expect((await signals())[0]).toMatchObject({ said: { name: 'Outlet', unit: 'bar' }, unitGuessed: false })
    await page.getByRole('button', { name: 'Undo' }).click()
    await until('the old name', async () => (await signals())[0]!.said.name === null)
    expect((await signals())[0]).toMatchObject({ said: { name: null, unit: null }, unitGuessed: true })
  }, 60_000)

  test('is merged into what it was, has one value and one chart, and is separated again', async () => {
    await page.getByRole('button', { name: 'Change Discharge pressure', exact: true }).click()
    await page.getByLabel('Its readings count as').selectOption('Pressure')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Discharge pressure is part of Pressure from now on.').waitFor()
    await until('one signal', async () => (await signals()).length === 1)
    appendFileSync(file(), lines('discharge_pressure', [5.4]))
    await until('the new value', async () => (await signals())[0]!.value === 5.4)
    const { time } = await api.call('status', {})
    const ask = { series: [0], from: time - 3_600_000, until: time + 60_000, points: 500, at: null }
    const [chart] = await api.call('series', ask)
    expect([...chart!.mean].filter((value) => !Number.isNaN(value))).toEqual([5.1, 5.2, 5.3, 5.4])
    await page.getByRole('button', { name: 'Separate' }).click()
    await until('two signals', async () => (await signals()).length === 2)
    await page.getByRole('button', { name: 'Undo' }).click()
    await until('one signal', async () => (await signals()).length === 1)
  }, 60_000)
})

function lines(signal: string, values: readonly number[]): string {
  return values.map((value) => `${JSON.stringify({ [signal]: value })}\n`).join('')
}
