import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt, { type MqttClient } from 'mqtt'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, openClient, startApp } from '../support/app.ts'
import { chromiumArgs, chromiumPath, hasChromium } from '../support/chromium.ts'
import { enterPage } from '../support/enter.ts'
import { freePort, hasMosquitto, type Mosquitto, startMosquitto } from '../support/mosquitto.ts'
import { findProgram } from '../support/parts.ts'

const user = 'line2'
const password = 'right-one'

describe.skipIf(!hasChromium || !hasMosquitto)('with nothing configured', () => {
  let app: App
  let broker: Mosquitto
  let pump: Pump
  let browser: Browser
  let page: Page
  let dir = ''
  const complaints: string[] = []

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'fieldwatch-connect-'))
    broker = await startMosquitto({ conf: `allow_anonymous false\npassword_file ${passwordFile(dir)}` })
    pump = await startPump(broker.url)
    app = await startApp(['--data', join(dir, 'data')])
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs })
    page = await enter(browser, app, complaints)
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await app?.stop()
    await pump?.stop()
    await broker?.stop()
    if (dir !== '') rmSync(dir, { recursive: true, force: true })
  })

  test('the first page says that there is nothing to watch, and leads to Connect', async () => {
    await page.getByRole('heading', { name: 'Nothing to watch yet' }).waitFor()
    await page.getByRole('link', { name: 'Connect a broker' }).click()
    await page.getByRole('heading', { level: 1, name: 'Connect' }).waitFor()
  })

  test('Continuity has nothing to tell yet, and a page that cannot be had takes only itself away', async () => {
    await page.goto(`${new URL(page.url()).origin}/#/continuity`)
    await page.getByRole('heading', { name: 'No source was heard in this time' }).waitFor()
    await page.route(/sync-page/, (asked) => asked.abort())
    await page.goto(`${new URL(page.url()).origin}/#/sync`)
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'This page cannot be shown' }).waitFor()
    await page.unroute(/sync-page/)
    complaints.length = 0 // of what was refused on purpose
    await page.getByRole('link', { name: 'Connect' }).click()
    await page.getByRole('heading', { level: 1, name: 'Connect' }).waitFor()
  })

  test('Esc closes the time machine that stands open, and only then goes back', async () => {
    await page.goto(`${new URL(page.url()).origin}/#/continuity`)
    await page.getByRole('heading', { level: 1, name: 'Continuity' }).waitFor()
    const machine = page.getByRole('region', { name: 'Time machine' })
    await page.keyboard.press('t')
    await machine.waitFor()
    await page.keyboard.press('Escape')
    await machine.waitFor({ state: 'detached' })
    await page.getByRole('heading', { level: 1, name: 'Continuity' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { level: 1, name: 'Health' }).waitFor()
  })

  test('an instant that is still to come is told as one, and leads back to live', async () => {
    await page.goto(`${new URL(page.url()).origin}/#/health?at=2140-01-01T00:00:00Z`)
    await page.getByRole('heading', { name: 'That time has not come yet' }).waitFor()
    await page.locator('main').getByRole('button', { name: 'Back to live' }).last().click()
    await page.getByRole('heading', { name: 'Nothing to watch yet' }).waitFor()
    await page.getByRole('link', { name: 'Connect a broker' }).click()
    await page.getByRole('heading', { level: 1, name: 'Connect' }).waitFor()
  })

  test('a wrong name, a closed port and a wrong password have each their own sentence', async () => {
    const port = await freePort()
    await tryBroker(page, { url: 'mqtt://no-such-host.invalid' })
    await page.getByText('No machine is called "no-such-host.invalid".').waitFor()
    await tryBroker(page, { url: `mqtt://127.0.0.1:${port}` })
    await page.getByText(`127.0.0.1 does not answer on port ${port}.`).waitFor()
    await tryBroker(page, { url: broker.url, user, password: 'wrong-one' })
    await page.getByText('127.0.0.1 does not let this user in.').waitFor()
    expect(await page.getByText('Connected.').count()).toBe(0)
  })

  test('an address that is none is told under its field', async () => {
    await tryBroker(page, { url: 'broker' })
    const field = page.getByRole('textbox', { name: 'Broker' })
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true')
    expect(await page.locator(`[id="${await field.getAttribute('aria-describedby')}"]`).textContent()).toMatch(
      /^"broker" is not the address of an MQTT broker; try mqtt:/,
    )
  })

  test('what was typed is there after a reload, but for the password', async () => {
    await page.getByRole('textbox', { name: 'Broker' }).fill(broker.url)
    await page.getByRole('textbox', { name: 'Listen to' }).fill('plant/#')
    await page.reload()
    expect(await page.getByRole('textbox', { name: 'Broker' }).inputValue()).toBe(broker.url)
    expect(await page.getByRole('textbox', { name: 'User' }).inputValue()).toBe(user)
    expect(await page.getByRole('textbox', { name: 'Listen to' }).inputValue()).toBe('plant/#')
    expect(await page.getByLabel('Password').inputValue()).toBe('')
  })

  test('the right broker is heard, its device found and watched, and stands on Health with its value', async () => {
    await tryBroker(page, { url: broker.url, user, password })
    await page.getByText('Connected. MQTT 5, not encrypted.').waitFor()
    await page.getByRole('region', { name: 'Devices found' }).getByText('1 device, 2 signals').waitFor()
    await page.getByRole('button', { name: 'Watch 1 device' }).click()
    await page.getByRole('heading', { level: 1, name: 'Health' }).waitFor()
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: /pump/i }) })
    await row.getByText('4.25').waitFor()
    await expect.poll(() => page.locator('main').textContent()).toContain('No device of 1 needs attention.')
  }, 30_000)

  test('topics that are left out are counted where the broker stands', async () => {
    await page.getByRole('link', { name: 'Connect' }).click()
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('button', { name: 'Test the broker' }).click() // its password is known, and not asked for again
    await page.getByText('Connected. MQTT 5, not encrypted.').waitFor()
    await page.getByText('More options', { exact: true }).click()
    await page.getByRole('textbox', { name: 'Leave out' }).fill('plant/#')
    await page.getByRole('button', { name: /^Watch/ }).click()
    await page.getByRole('heading', { level: 1, name: 'Health' }).waitFor()
    await page.getByRole('link', { name: 'Connect' }).click()
    await page.getByText(/^\d+ messages? left out, as you asked$/).waitFor()
  }, 30_000)

  test('the built-in broker is switched on, moved to a free port, and takes what a device publishes', async () => {
    const port = await freePort()
    await page.getByRole('switch', { name: 'Built-in broker' }).click()
    await page.getByText('More options of the built-in broker').click()
    await page.getByRole('spinbutton', { name: 'Port' }).fill(String(port))
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText(new RegExp(`^mqtt://127.0.0.1:${port}: up`)).waitFor()
    const device = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4 })
    await device.publishAsync('hall/fan_1', '{"speed_rpm":900}', { qos: 1 })
    await device.endAsync()
    await page.getByRole('link', { name: 'Health' }).click()
    await page.getByRole('link', { name: /fan/i }).first().waitFor()
  }, 30_000)

  test('the browser complained of nothing', () => {
    expect(complaints).toEqual([])
  })
})

interface Trying {
  readonly url: string
  readonly user?: string
  readonly password?: string
}

async function tryBroker(page: Page, trying: Trying): Promise<void> {
  await page.getByRole('textbox', { name: 'Broker' }).fill(trying.url)
  if (trying.user !== undefined) await page.getByRole('textbox', { name: 'User' }).fill(trying.user)
  if (trying.password !== undefined) await page.getByLabel('Password').fill(trying.password)
  await page.getByRole('button', { name: 'Test the broker' }).click()
}

async function enter(browser: Browser, app: App, complaints: string[]): Promise<Page> {
  const client = await openClient(app)
  client.close()
  const page = await enterPage(browser, client)
  page.on('console', (line) => line.type() === 'error' && complaints.push(line.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(client.origin)
  return page
}

function passwordFile(dir: string): string {
  const file = join(dir, 'passwords')
  execFileSync(findProgram('mosquitto_passwd')!, ['-c', '-b', file, user, password], { stdio: 'pipe' })
  return file
}

interface Pump {
  stop(): Promise<void>
}

/** One device that says how it is four times a second. */
async function startPump(url: string): Promise<Pump> {
  const client: MqttClient = await mqtt.connectAsync(url, { username: user, password })
  const timer = setInterval(() => client.publish('plant/pump_1', '{"pressure_bar":4.25,"speed_rpm":1480}'), 250)
  return {
    async stop() {
      clearInterval(timer)
      await client.endAsync(true)
    },
  }
}
