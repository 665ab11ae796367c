import { expect, test } from 'vitest'
import { decodeFrame, encodeFrame, type Frame } from '../../core/contract/wire.ts'
import { type Carrier, type CarrierEvents, createCore } from '../../renderer/api.ts'

/** A carrier in the hands of the test: what was sent lies in `sent`, in order. */
class Wire implements Carrier {
  readonly sent: Frame[] = []
  on: CarrierEvents | null = null

  start(on: CarrierEvents): void {
    this.on = on
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    this.sent.push(decodeFrame(bytes))
  }

  close(): void {
    this.on?.closed()
  }

  says(frame: Frame): void {
    this.on!.bytes(encodeFrame(frame))
  }
}

function connected() {
  const wire = new Wire()
  const core = createCore(wire, () => 1_000)
  return { wire, core }
}

test('calls made before the link is up are sent, in order, when it is', async () => {
  const { wire, core } = connected()
  const bounds = core.call('bounds', {})
  void core.call('health', { at: null }).catch(() => {})
  expect(wire.sent).toEqual([])
  wire.on!.open()
  expect(wire.sent.map((frame) => frame.type === 'call' && frame.name)).toEqual(['bounds', 'health'])
  wire.says({ type: 'answer', id: 1, output: { from: null, first: 0, until: 5, head: 0 } })
  await expect(bounds).resolves.toEqual({ from: null, first: 0, until: 5, head: 0 })
})

test('answers find their call in any order, and columns arrive as columns', async () => {
  const { wire, core } = connected()
  wire.on!.open()
  const load = core.call('alertLoad', { at: null })
  const rules = core.call('rules', { at: null })
  wire.says({ type: 'answer', id: 2, output: [] })
  wire.says({
    type: 'answer',
    id: 1,
    output: { hours: Float64Array.of(0, Number.NaN, 3), perHour: 1, floods: 0, frequent: [] },
  })
  expect(await rules).toEqual([])
  expect((await load).hours).toEqual(Float64Array.of(0, Number.NaN, 3))
})

test('an error of the core keeps its code, its way out and its cause', async () => {
  const { wire, core } = connected()
  wire.on!.open()
  const alert = core.call('alert', { id: 'x', at: null })
  wire.says({
    type: 'error',
    id: 1,
    error: { code: 'not_found', message: 'no alert "x"', hint: 'See the history.', cause: 'ENOENT', path: null },
  })
  await expect(alert).rejects.toMatchObject({
    code: 'not_found',
    message: 'no alert "x"',
    hint: 'See the history.',
    cause: { code: 'ENOENT' },
  })
})

test('a call that was sent fails with stopped when the link goes; the next waits for it', async () => {
  const { wire, core } = connected()
  wire.on!.open()
  const lost = core.call('bounds', {})
  wire.on!.closed()
  await expect(lost).rejects.toMatchObject({ code: 'stopped' })
  expect(core.link()).toEqual({ state: 'down', since: 1_000 })
  const next = core.call('rules', { at: null })
  wire.on!.open()
  wire.says({ type: 'answer', id: 2, output: [] })
  await expect(next).resolves.toEqual([])
})

test('a call that the page gave up is cancelled at the core', async () => {
  const { wire, core } = connected()
  wire.on!.open()
  const giveUp = new AbortController()
  const health = core.call('health', { at: null }, giveUp.signal)
  giveUp.abort()
  await expect(health).rejects.toMatchObject({ name: 'AbortError' })
  expect(wire.sent.at(-1)).toEqual({ type: 'cancel', id: 1 })
})

test('pushes reach who listens, until they stop', () => {
  const { wire, core } = connected()
  wire.on!.open()
  const heard: number[] = []
  const stop = core.on('views', (push) => heard.push(push.offset))
  wire.says({ type: 'push', name: 'views', push: { offset: 1, time: 0, alerts: 0 } })
  stop()
  wire.says({ type: 'push', name: 'views', push: { offset: 2, time: 0, alerts: 0 } })
  expect(heard).toEqual([1])
  expect(wire.sent).toEqual(Array(2).fill({ type: 'heard', name: 'views' }))
})

test('at most a thousand calls wait; the next is refused in words', async () => {
  const { core } = connected()
  for (let i = 0; i < 1_000; i++) void core.call('bounds', {}).catch(() => {})
  await expect(core.call('bounds', {})).rejects.toThrow('bounds: 1000 calls already wait for the core')
})
