import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { pageHeaders } from '../../core/host/http.ts'
import { isOurs, registerScheme, servePages } from '../../electron/protocol.ts'
import { tempDir } from '../support/temp-dir.ts'
import { app, protocol, reset } from './double.ts'

vi.mock('electron', () => import('./double.ts'))

beforeEach(async () => {
  reset()
  registerScheme()
  await app.becomeReady()
  servePages(renderer())
})

test('the page and its files come with their types and with every header of the page on loopback', async () => {
  for (const [url, type, text] of [
    ['fieldwatch://app/', 'text/html; charset=utf-8', '<p>page'],
    ['fieldwatch://app/?x=1#/alerts', 'text/html; charset=utf-8', '<p>page'],
    ['fieldwatch://app/assets/a%20b.js', 'text/javascript; charset=utf-8', 'go()'],
  ] as const) {
    const answer = await protocol.ask(url)
    expect([answer.status, await answer.text()]).toEqual([200, text])
    expect(Object.fromEntries(answer.headers)).toEqual({ ...pageHeaders, 'content-type': type })
  }
})

test('nothing inline and nothing from elsewhere: the policy is strict, also on what is refused', async () => {
  for (const url of ['fieldwatch://app/', 'fieldwatch://app/none.js', 'fieldwatch://other/']) {
    const policy = (await protocol.ask(url)).headers.get('content-security-policy')
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/)
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
  }
})

test.each(['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'])('%s is refused', async (method) => {
  expect((await protocol.ask('fieldwatch://app/', { method })).status).toBe(405)
})

test.each([
  'fieldwatch://app/../secret.txt',
  'fieldwatch://app/%2e%2e/secret.txt',
  'fieldwatch://app/..%2fsecret.txt',
  'fieldwatch://app/%2e%2e%2fsecret.txt',
  'fieldwatch://app/assets/..%2f..%2fsecret.txt',
  'fieldwatch://app/..%5csecret.txt',
  'fieldwatch://app//secret.txt',
  'fieldwatch://app/%00/index.html',
  'fieldwatch://app/%',
  'fieldwatch://app/assets',
  'fieldwatch://app/../renderer-not-ours/secret.txt',
  'fieldwatch://app/..%2frenderer-not-ours%2fsecret.txt',
])('%s reaches nothing outside of the page', async (url) => {
  const answer = await protocol.ask(url)
  expect([answer.status, await answer.text()]).toEqual([404, expect.not.stringContaining('secret!')])
})

describe('one host', () => {
  test.each(['fieldwatch://other/', 'fieldwatch://app.example/', 'fieldwatch://app:80/', 'fieldwatch:///index.html'])(
    '%s is refused',
    async (url) => expect((await protocol.ask(url)).status).toBe(403),
  )

  test.each([
    ['fieldwatch://app/', true],
    ['fieldwatch://app/index.html#/alerts', true],
    ['fieldwatch://app.example/', false],
    ['fieldwatch://app@example.com/', false],
    ['https://app/', false],
    ['file:///fieldwatch://app/', false],
    ['about:blank', false],
    ['', false],
  ])('%s is ours: %s', (url, ours) => expect(isOurs(url)).toBe(ours))
})

/** A built renderer, beside what must not be read. */
function renderer(): string {
  const dir = tempDir()
  const root = join(dir, 'renderer')
  mkdirSync(join(root, 'assets'), { recursive: true })
  mkdirSync(join(dir, 'renderer-not-ours'))
  writeFileSync(join(root, 'index.html'), '<p>page')
  writeFileSync(join(root, 'assets', 'a b.js'), 'go()')
  for (const place of [dir, join(dir, 'renderer-not-ours')]) writeFileSync(join(place, 'secret.txt'), 'secret!')
  return root
}
