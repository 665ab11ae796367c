import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/app.ts'
import { hasChromium } from '../support/chromium.ts'
import type { Client } from '../support/client.ts'
import { openScreen, type Screen } from '../support/screen.ts'

// What a person sees of the rules and changes in them, in a real browser, down to the record in the log.

describe.skipIf(!hasChromium)('the settings', () => {
  let screen: Screen | undefined
  let page: Page
  let api: Client
  let dir = ''

  const rules = () => api.call('rules', { at: null })
  const rule = async (id: string) => (await rules()).find((one) => one.id === id)
  const field = (name: string) => page.getByLabel(name, { exact: true })
  const save = () => page.getByRole('button', { name: 'Save' }).click()

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'fieldwatch-settings-'))
    mkdirSync(join(dir, 'data'))
    const path = join(dir, 'boiler.log')
    writeFileSync(path, Array.from({ length: 5 }, (_, i) => `temp=${90 + i}\n`).join(''))
    const file = { name: 'boiler', path, topic: 'hall/boiler', pattern: '^temp=(?<temp>\\d+)$' }
    writeFileSync(join(dir, 'data', 'config.json'), JSON.stringify({ files: [file] }))
    screen = await openScreen(['--data', join(dir, 'data')])
    ;({ api, page } = screen)
    await until('the boiler', () => api.call('device', { id: 'hall/boiler', at: null }))
  }, 120_000)

  afterAll(async () => {
    await screen?.close()
    if (dir !== '') rmSync(dir, { recursive: true, force: true })
  })

  test('a limit is put with a form drawn from its detector; what is wrong is told under its field, and a reload keeps what was typed', async () => {
    await page.goto(`${api.origin}/#/settings`)
    await page.getByRole('button', { name: /New rule/ }).click()
    await field('Name').fill('Boiler too hot')
    await field('Device').fill('hall/boiler')
    await field('Signal').fill('temp')
    await save()
    await page.getByText('Is missing; give low or high, or both.').waitFor()
    expect(await field('Low').evaluate((one) => one === document.activeElement)).toBe(true)
    await field('High').fill('92 degrees')
    await save()
    await page.getByText('"92 degrees" is not a number').waitFor()
    await page.reload()
    expect(await field('High').inputValue()).toBe('92 degrees')
    await field('High').fill('92')
    await field('Must last').fill('0 s')
    await field('High').press('Control+s')
    await page.getByRole('link', { name: 'Warning Boiler too hot' }).waitFor()
    expect(await rule('boiler-too-hot')).toEqual({
      id: 'boiler-too-hot',
      name: 'Boiler too hot',
      detector: 'limits',
      scope: { device: 'hall/boiler', signal: 'temp' },
      params: { high: 92 },
      priority: 2,
      holdMs: 0,
      clearMs: 0,
      enabled: true,
      version: 1,
    })
  }, 60_000)

  test('a rule is opened, changed, and reset; it is switched off, and deleted once a person has said so', async () => {
    await page.getByRole('link', { name: 'Advisory Stuck sensor' }).click()
    await field('Equal readings').fill('60')
    await page.getByRole('button', { name: 'Critical' }).click()
    await save()
    await until('its next version', async () => (await rule('stuck'))?.version === 2)
    expect(await rule('stuck')).toMatchObject({ params: { readings: 60 }, priority: 1 })
    await page.getByRole('link', { name: 'Critical Stuck sensor' }).click()
    await page.getByRole('button', { name: 'Reset Equal readings' }).click()
    await page.getByRole('switch', { name: 'On' }).click()
    await save()
    await until('its third version', async () => (await rule('stuck'))?.version === 3)
    expect(await rule('stuck')).toMatchObject({ params: {}, enabled: false })
    await page.getByRole('row', { name: /Stuck sensor.*off/ }).waitFor()
    await page.getByRole('link', { name: 'Warning Boiler too hot' }).click()
    await page.getByRole('button', { name: 'Delete…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await until('it to be gone', async () => (await rule('boiler-too-hot')) === undefined)
    await page.getByRole('link', { name: 'Warning Boiler too hot' }).waitFor({ state: 'detached' })
  }, 60_000)

  test('what a rule found and how useful it was stands beside it', async () => {
    await api.call('command', {
      name: 'rule.put',
      value: {
        ...{ id: 'hot', name: 'Hot', detector: 'limits', scope: { device: '*', signal: 'temp' }, params: { high: 1 } },
        ...{ priority: 1, holdMs: 0, clearMs: 0, enabled: true, version: 1 },
      },
    })
    writeFileSync(join(dir, 'boiler.log'), 'temp=99\n', { flag: 'a' })
    const open = async () => (await api.call('alerts', { at: null, show: 'open', device: null, limit: 9 })).rows[0]
    const { alert } = (await until('its alert', async () => (await open()) ?? null))!
    await api.call('command', { name: 'mark', value: { id: alert.id, useful: true, by: 'test' } })
    const use = async () => (await api.call('rules.use', { at: null })).find((one) => one.rule === 'hot')
    await until('the mark', async () => (await use())?.marked === 1)
    expect(await use()).toEqual({ rule: 'hot', alerts: 1, marked: 1, useful: 1 })
    await page.reload()
    await page.getByRole('row', { name: /Critical Hot a fixed limit temp 1 100\s% on/ }).waitFor()
  }, 60_000)

  test('in the past the rules of then are shown, and nothing can be changed', async () => {
    const { until: now } = await api.call('bounds', {})
    await page.goto(`${api.origin}/#/settings/rules/stuck?at=${new Date(now).toISOString()}`)
    await page.getByText('You are looking at the past: nothing can be changed.').waitFor()
    expect(await field('Equal readings').isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Save' }).count()).toBe(0)
    expect(await page.getByRole('button', { name: /New rule/ }).isDisabled()).toBe(true)
  }, 60_000)

  test("the plant's time zone is set, in the file and in the log, and a wrong one is told at its field", async () => {
    await page.goto(`${api.origin}/#/settings/plant`)
    await field('Time zone').fill('Europe/Atlantis')
    await save()
    await page.getByText('is not a time zone; use an IANA name').waitFor()
    await field('Shifts change at').fill('06:00, 25:00')
    await field('Time zone').fill('Asia/Tokyo')
    await save()
    await page.getByText('"25:00" is not a time of day; write it as 06:00.').waitFor()
    expect(await field('Shifts change at').evaluate((one) => one === document.activeElement)).toBe(true)
    await field('Shifts change at').fill('06:00, 14:00, 22:00')
    await save()
    await page.getByText('By the clock of Asia/Tokyo it is').waitFor()
    expect((await api.call('status', {})).zone).toBe('Asia/Tokyo')
    const before = { device: null, before: null, limit: 1, at: null, undecodable: false } as const
    expect((await api.call('messages', before)).rows).toHaveLength(1)
    await page.getByRole('button', { name: 'Reset Time zone' }).click()
    expect(await field('Time zone').inputValue()).toBe('UTC')
  }, 60_000)
})
