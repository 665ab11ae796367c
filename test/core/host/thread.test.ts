import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MessageChannel } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FieldError } from '../../../core/contract/errors.ts'
import type { Channel } from '../../../core/host/thread.ts'
import { moduleBeside, openChannel } from '../../../core/host/thread.ts'

type Adder = {
  readonly asks: {
    readonly add: { readonly in: readonly [number, number]; readonly out: number }
    readonly fail: { readonly in: null; readonly out: null }
    readonly forever: { readonly in: null; readonly out: null }
  }
  readonly tells: { readonly heard: number }
}
type Silent = { readonly asks: Record<never, never>; readonly tells: Record<never, never> }

let ports: MessageChannel
let adder: Channel<Adder>
let heard: number[]
let aborted: PromiseWithResolvers<void>

beforeEach(() => {
  ports = new MessageChannel()
  heard = []
  aborted = Promise.withResolvers()
  openChannel<Silent, Adder>(ports.port2, {
    asks: {
      add: ([a, b]) => a + b,
      fail: () => {
        throw new FieldError('disk_full', 'no room', { hint: 'make some', cause: { code: 'ENOSPC' } })
      },
      forever: (_, signal) => {
        signal.addEventListener('abort', () => aborted.resolve())
        return new Promise(() => undefined)
      },
    },
    tells: { heard: (value) => heard.push(value) },
  })
  adder = openChannel<Adder, Silent>(ports.port1, { asks: {}, tells: {} })
})
afterEach(() => ports.port1.close())

test('questions get their own answers, and notices come in order', async () => {
  for (let i = 0; i < 5; i++) adder.tell('heard', i)
  expect(await Promise.all([adder.ask('add', [1, 2]), adder.ask('add', [3, 4])])).toEqual([3, 7])
  expect(heard).toEqual([0, 1, 2, 3, 4])
})

test('an error crosses with its code, sentence, hint and cause', async () => {
  await expect(adder.ask('fail', null)).rejects.toMatchObject({
    code: 'disk_full',
    message: 'no room',
    hint: 'make some',
    cause: { code: 'ENOSPC' },
  })
})

test('a question called off is rejected at once, and the other side is told', async () => {
  const calling = new AbortController()
  const answer = adder.ask('forever', null, calling.signal)
  calling.abort()
  await expect(answer).rejects.toMatchObject({ code: 'stopped' })
  await aborted.promise
})

test('a closed channel rejects what waits and what comes later, with the reason', async () => {
  const answer = adder.ask('forever', null)
  adder.close(new FieldError('stopped', 'the thread fell'))
  await expect(answer).rejects.toThrow('the thread fell')
  await expect(adder.ask('add', [1, 2])).rejects.toThrow('the thread fell')
})

test('a thread is the one file with all that it imports where that was built, and its module otherwise', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fieldwatch-whole-'))
  const here = pathToFileURL(join(folder, 'host.js')).href
  expect(moduleBeside(here, 'stream-thread').pathname).toMatch(/stream-thread\.js$/)
  writeFileSync(join(folder, 'stream-thread.whole.js'), '')
  expect(moduleBeside(here, 'stream-thread').pathname).toMatch(/stream-thread\.whole\.js$/)
  rmSync(folder, { recursive: true })
})
