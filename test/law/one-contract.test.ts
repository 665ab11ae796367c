import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { CallName, Calls, Status } from '../../core/contract/calls.ts'
import type { Host } from '../../core/host/host.ts'
import { startHost } from '../../core/host/host.ts'
import { servePort } from '../../core/host/port.ts'
import type { Carrier, CarrierEvents, Core } from '../../renderer/api.ts'
import { createCore } from '../../renderer/api.ts'

// Law 9: the page reaches the core by one typed API; the same suite passes over Electron's port and over WebSocket.
// The page's side here is the renderer's own.

let dir: string
let host: Host
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'fieldwatch-contract-'))
  host = await startHost({ dataDir: dir, version: 'test', page: { port: 0, root: dir } })
})
afterAll(async () => {
  await host.stop()
  rmSync(dir, { recursive: true, force: true })
})

const wires: readonly { readonly name: string; carrier(): Promise<Carrier> }[] = [
  { name: 'WebSocket', carrier: async () => overSocket(await enter()) },
  { name: 'MessagePort', carrier: async () => overPort() },
]

describe.each(wires)('over $name', ({ carrier }) => {
  let core: Core
  beforeAll(async () => {
    core = createCore(await carrier(), Date.now)
  })
  afterAll(() => core.close())

  test.each(Object.entries(reads()))('%s answers what its type says', async (name, input) => {
    expect(await core.call(name as CallName, input as never)).toMatchObject(shapes[name as keyof typeof shapes])
  })

  test('columns arrive as columns', async () => {
    const { capture } = await core.call('health', { at: null })
    expect(capture.spark).toBeInstanceOf(Float64Array)
    expect((await core.call('alertLoad', { at: null })).hours).toBeInstanceOf(Float64Array)
  })

  test('what a person does becomes a record, and can be read back as one', async () => {
    const viewsHold = listenToViews(core)
    const { offset } = await core.call('command', {
      name: 'note',
      value: { device: 'p-1', text: 'looks fine', by: 'test' },
    })
    await viewsHold(offset)
    const row = await core.call('record', { offset })
    expect(row.record).toMatchObject({ offset, kind: 'command', topic: { source: '', name: 'note' } })
    expect(JSON.parse(row.text ?? '')).toEqual({ device: 'p-1', text: 'looks fine', by: 'test' })
  })

  test('a configuration is kept, and comes back without its secrets', async () => {
    const config = { ...(await core.call('config', {})), site: 'Dairy' }
    const put = { config, secrets: [{ name: 'source/plant-a/password', value: 'hunter2' }] }
    expect(await core.call('config.put', put)).toEqual(config)
    expect(JSON.stringify(await core.call('config', {}))).not.toContain('hunter2')
    expect((await core.call('status', {})).site).toBe('Dairy')
  })

  test.each([
    ['a call that does not exist', 'drop.everything', {}, /"drop\.everything" is not a call/],
    ['a name that every object has', 'constructor', {}, /"constructor" is not a call/],
    ['an input of another type', 'record', { offset: '1' }, /record: offset: "1" is not accepted/],
    ['an input with more in it', 'health', { at: null, sql: 'drop table' }, /health: "sql" is not known here/],
    [
      'a limit beyond the bound',
      'alerts',
      { at: null, show: 'open', device: null, limit: 1e9 },
      /alerts: limit: 1000000000/,
    ],
    ['no input', 'health', null, /health: null is not accepted/],
    [
      'a broken configuration',
      'config.put',
      { config: { sources: [{ name: 'a', url: 'x' }] }, secrets: [] },
      /config\.sources\[0\]\.url: "x" is not/,
    ],
  ])('%s is refused in words', async (_, name, input, sentence) => {
    await expect(core.call(name as CallName, input as never)).rejects.toMatchObject({
      code: 'bad_input',
      message: expect.stringMatching(sentence),
    })
  })

  test('an error of a thread behind arrives with its code', async () => {
    await expect(core.call('sync.retryNow', { destination: 'nowhere' })).rejects.toMatchObject({ code: 'not_found' })
    await expect(core.call('record', { offset: 1e9 })).rejects.toMatchObject({
      code: expect.stringMatching(/not_found|offset_expired/),
    })
  })

  test('a call can be called off', async () => {
    const calling = new AbortController()
    const answer = core.call('timeline', { from: 0, until: Date.now(), bins: 1_000, at: null }, calling.signal)
    calling.abort()
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' })
    expect(await core.call('bounds', {})).toMatchObject({ first: 0 })
  })

  test('pushes come by themselves', async () => {
    const heard = Promise.withResolvers<Status>()
    const unlisten = core.on('status', heard.resolve)
    expect(await heard.promise).toMatchObject({ demo: false, stopped: [] })
    unlisten()
  })
})

test('both wires give the same answers', async () => {
  const pages = await Promise.all(wires.map(async ({ carrier }) => createCore(await carrier(), Date.now)))
  for (const [name, input] of Object.entries(reads(1_700_000_000_000))) {
    if (name === 'status') continue // it tells the time
    const [one, other] = await Promise.all(pages.map((page) => page.call(name as CallName, input as never)))
    expect(other, name).toEqual(one)
  }
  for (const page of pages) page.close()
})

/** From now on hears how far the views are, as the core says it by itself; resolves when they hold `offset`. */
function listenToViews(core: Core): (offset: number) => Promise<void> {
  let upto = 0
  let look = () => {}
  core.on('views', (views) => {
    upto = views.offset
    look()
  })
  return (offset) =>
    new Promise((resolve) => {
      look = () => upto > offset && resolve()
      look()
    })
}

/** Calls that change nothing, with an input that is right on an empty plant. */
function reads(at: number | null = null) {
  return {
    status: {},
    bounds: {},
    health: { at },
    devices: { at, sort: 'worst', filter: '', from: 0, count: 50 },
    series: { series: [], from: 0, until: 1_000, points: 10, at },
    messages: { device: null, before: null, limit: 10, at, undecodable: false },
    alerts: { at, show: 'open', device: null, limit: 10 },
    alertLoad: { at },
    continuity: { at, from: null, until: null },
    'continuity.devices': { at, from: null, until: null, skip: 0, limit: 10 },
    'continuity.silent': { at, from: null, until: null, skip: 0, limit: 10 },
    timeline: { from: 0, until: 1_000, bins: 10, at },
    rules: { at },
    'rules.use': { at },
    detectors: {},
    destinations: {},
    ledger: { destination: null, before: null, limit: 10 },
    lag: { from: 0, until: 1_000, points: 10 },
    outages: {},
    config: {},
    'config.schema': {},
  } satisfies { readonly [K in CallName]?: Calls[K]['in'] }
}

const shapes = {
  status: {
    site: expect.any(String),
    sources: [],
    preparing: null,
    log: { directory: expect.stringContaining('log') },
  },
  bounds: { first: 0, head: expect.any(Number) },
  health: { devices: { total: 0 }, catchingUp: null },
  devices: { total: 0, rows: [] },
  series: [],
  messages: { rows: expect.any(Array), more: expect.any(Boolean) },
  alerts: { rows: [], total: 0 },
  alertLoad: { perHour: 0 },
  continuity: { sources: expect.any(Array) },
  'continuity.devices': { rows: [], more: false },
  'continuity.silent': { rows: [], more: false, since: null },
  timeline: { alerts: [], bookmarks: [] },
  rules: expect.any(Array),
  'rules.use': expect.any(Array),
  detectors: expect.any(Array),
  destinations: [],
  ledger: { rows: [], more: false },
  lag: [],
  outages: [],
  config: { sources: [], demo: false },
  'config.schema': { type: 'object' },
}

async function enter(): Promise<{ readonly origin: string; readonly cookie: string }> {
  const link = host.url()!
  const { headers } = await fetch(link, { redirect: 'manual' })
  return { origin: new URL(link).origin, cookie: headers.get('set-cookie')!.split(';')[0]! }
}

function overSocket({ origin, cookie }: { readonly origin: string; readonly cookie: string }): Carrier {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/api`, { headers: { origin, cookie } })
  return {
    start: (on) => {
      socket.on('open', () => on.open())
      socket.on('message', (data: Buffer) => on.bytes(data))
    },
    send: (bytes) => socket.send(bytes),
    close: () => socket.close(),
  }
}

function overPort(): Carrier {
  const { port1, port2 } = new MessageChannel()
  servePort(host.api, port1)
  return {
    start: (on: CarrierEvents) => {
      port2.on('message', (bytes: Uint8Array) => on.bytes(bytes))
      on.open()
    },
    send: (bytes) => port2.postMessage(bytes),
    close: () => port2.close(),
  }
}
