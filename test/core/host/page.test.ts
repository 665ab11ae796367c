import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { encodeFrame } from '../../../core/contract/wire.ts'
import { type Access, openAccess, openMetricsToken } from '../../../core/host/access.ts'
import { linkThroughDoor, openDoor } from '../../../core/host/door.ts'
import type { Metrics, Page } from '../../../core/host/http.ts'
import { servePage } from '../../../core/host/http.ts'
import type { Core } from '../../../core/host/session.ts'

// The core behind is not of interest here: what may come near it is.
const core: Core = { answer: async (name) => name, listen: () => () => undefined }

let setting: 'off' | 'token' | 'open'
const metrics: Metrics = {
  allows: (authorization) =>
    setting === 'off' ? null : setting === 'open' || openMetricsToken(join(dir, 'metrics-token')).allows(authorization),
  text: () => 'fieldwatch_open_alerts 0\n',
}

let dir: string
let access: Access
let page: Page
let origin: string
beforeEach(async () => {
  setting = 'token'
  dir = mkdtempSync(join(tmpdir(), 'fieldwatch-page-'))
  mkdirSync(join(dir, 'renderer', 'assets'), { recursive: true })
  writeFileSync(join(dir, 'renderer', 'index.html'), '<title>Fieldwatch</title>')
  writeFileSync(join(dir, 'renderer', 'assets', 'a b.js'), '1')
  writeFileSync(join(dir, 'secret.txt'), 'secret')
  access = openAccess(join(dir, 'sessions.json'))
  page = await servePage(core, access, join(dir, 'renderer'), 0, true, metrics)
  origin = new URL(page.url()).origin
})
afterEach(async () => {
  await page.stop()
  rmSync(dir, { recursive: true, force: true })
})

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** node:http sends the path as it stands, where fetch would tidy it. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const answer = Promise.withResolvers<Answer>()
  const { port } = new URL(origin)
  const asking = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
    let text = ''
    response.on('data', (chunk) => {
      text += chunk
    })
    response.on('end', () => answer.resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
  })
  asking.on('error', answer.reject)
  asking.end()
  return answer.promise
}

function ownCookie(): string {
  return `fieldwatch-${new URL(origin).port}=${access.own()}`
}

async function enter(): Promise<string> {
  const { headers } = await get(`/${new URL(page.url()).search}`)
  return String(headers['set-cookie']).split(';')[0]!
}

/** `open`, or the status with which it was refused. */
function socket(headers: Record<string, string>, path = '/api'): Promise<'open' | number> {
  const came = Promise.withResolvers<'open' | number>()
  const one = new WebSocket(`${origin.replace('http', 'ws')}${path}`, { headers })
  one.on('open', () => {
    came.resolve('open')
    one.close()
  })
  one.on('unexpected-response', (_, response) => came.resolve(response.statusCode ?? 0))
  one.on('error', () => undefined)
  return came.promise
}

describe('the link', () => {
  test('is exchanged for a cookie that scripts and other sites cannot have, and the page opens with it', async () => {
    const { status, headers } = await get(`/${new URL(page.url()).search}`)
    expect(status).toBe(303)
    expect(headers.location).toBe('/')
    expect(String(headers['set-cookie'])).toMatch(/^fieldwatch-\d+=[\w-]{43}; HttpOnly; SameSite=Strict/)
    const cookie = String(headers['set-cookie']).split(';')[0]!
    expect(await get('/', { cookie })).toMatchObject({ status: 200, text: '<title>Fieldwatch</title>' })
  })

  test('works once', async () => {
    const used = `/${new URL(page.url()).search}`
    await get(used)
    expect(await get(used)).toMatchObject({ status: 403, text: expect.stringContaining('used already') })
    expect((await get(`/${new URL(page.url()).search}`)).status).toBe(303)
  })

  test('is told, unused, to the commands of this user, and to no page that is let in', async () => {
    const file = join(dir, 'door.json')
    const shut = openDoor(file, page.url(), access.own())
    await enter()
    const url = await linkThroughDoor(file)
    expect(url).toBe(page.url())
    expect((await get('/link', { cookie: await enter() })).status).toBe(403)
    expect((await get('/link')).status).toBe(403)
    expect((await get('/link', { cookie: ownCookie(), host: 'plant.example' })).status).toBe(403)
    shut()
    expect(await linkThroughDoor(file)).toBeNull()
  })

  test('gives a session that outlives a restart', async () => {
    const cookie = await enter()
    await page.stop()
    page = await servePage(
      core,
      openAccess(join(dir, 'sessions.json')),
      join(dir, 'renderer'),
      Number(new URL(origin).port),
      true,
      metrics,
    )
    expect((await get('/', { cookie })).status).toBe(200)
  })
})

describe('the metrics', () => {
  test('are given to who shows the token, which stays over restarts, and to an open page; to nobody else', async () => {
    expect(await get('/metrics')).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } })
    const token = readFileSync(join(dir, 'metrics-token'), 'utf8').trim()
    expect(statSync(join(dir, 'metrics-token')).mode & 0o777).toBe(0o600)
    const { status, text, headers } = await get('/metrics', { authorization: `Bearer ${token}` })
    expect([status, text]).toEqual([200, 'fieldwatch_open_alerts 0\n'])
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect((await get('/metrics', { authorization: `Bearer ${token}x` })).status).toBe(401)
    expect((await get('/metrics', { cookie: await enter() })).status).toBe(200)
  })

  test.each([
    ['open', 200],
    ['off', 404],
  ] as const)('are as the setting %s says, and never for a foreign host', async (how, status) => {
    setting = how
    expect((await get('/metrics')).status).toBe(status)
    expect((await get('/metrics', { host: 'plant.example' })).status).toBe(403)
  })
})

describe('the page', () => {
  test.each(['/', '/assets/a%20b.js', '/index.html'])('%s is not given without a session', async (path) => {
    expect((await get(path)).status).toBe(403)
  })

  test('comes with a strict policy on every answer', async () => {
    for (const answer of [await get('/', { cookie: await enter() }), await get('/')]) {
      expect(answer.headers['content-security-policy']).toMatch(
        /default-src 'none'; script-src 'self'; style-src 'self'/,
      )
      expect(answer.headers['content-security-policy']).not.toContain('unsafe')
      expect(answer.headers['x-content-type-options']).toBe('nosniff')
    }
  })

  test('gives assets, and nothing beside its folder', async () => {
    const cookie = await enter()
    expect(await get('/assets/a%20b.js', { cookie })).toMatchObject({ status: 200, text: '1' })
    for (const path of [
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..%5c..%5csecret.txt',
      '/a%00.txt',
      '/%',
    ])
      expect(await get(path, { cookie })).not.toMatchObject({ text: 'secret' })
  })

  test('answers GET only, and to its own name only', async () => {
    const cookie = await enter()
    expect((await get('/', { cookie }, 'POST')).status).toBe(405)
    expect((await get('/', { cookie, host: 'evil.example' })).status).toBe(403)
    expect((await get('/', { cookie, host: `localhost:${new URL(origin).port}` })).status).toBe(200)
  })
})

describe('the API socket', () => {
  test('opens for a page of ours with a session', async () => {
    expect(await socket({ cookie: await enter(), origin })).toBe('open')
  })

  test('is refused without a session, from another origin, without an origin and by another path', async () => {
    const cookie = await enter()
    expect(await socket({ origin })).toBe(403)
    expect(await socket({ cookie, origin: 'http://evil.example' })).toBe(403)
    expect(await socket({ cookie })).toBe(403)
    expect(await socket({ cookie, origin }, '/other')).toBe(403)
  })

  test.each([
    ['beyond its bound', encodeFrame({ type: 'call', id: 1, name: 'status', input: 'x'.repeat(2_000_000) }), 1009],
    ['that is none', Buffer.from('hello'), 1008],
  ])('is closed on a frame %s', async (_, bytes, code) => {
    const one = new WebSocket(`${origin.replace('http', 'ws')}/api`, { headers: { cookie: await enter(), origin } })
    const closed = Promise.withResolvers<number>()
    one.on('open', () => one.send(bytes))
    one.on('error', () => undefined)
    one.on('close', closed.resolve)
    expect(await closed.promise).toBe(code)
  })
})

test('a port that was asked for and is taken is refused in words; one that was not gives way', async () => {
  const port = Number(new URL(origin).port)
  const access = openAccess(join(dir, 'other.json'))
  await expect(servePage(core, access, dir, port, true, metrics)).rejects.toThrow(`port ${port} is in use`)
  const other = await servePage(core, access, dir, port, false, metrics)
  expect(new URL(other.url()).port).not.toBe(String(port))
  await other.stop()
})
