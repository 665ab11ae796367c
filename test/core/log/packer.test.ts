import { randomBytes } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { Packer } from '../../../core/log/packer.ts'
import { random } from '../../support/stream.ts'

const room = 24

/** Bytes that pack well, badly and not at all, in sizes that go up and down. */
function* anyBytes(seed: number): Generator<Uint8Array> {
  const next = random(seed)
  for (let i = 0; i < 60; i++) {
    const size = Math.floor(next() ** 4 * 600_000)
    const text = `{"temperature":${next()},"line":${i}}`
    yield i % 3 === 0 ? randomBytes(size) : Buffer.from(text.repeat(1 + size / text.length))
  }
}

test.each([
  ['one context', () => new Packer()],
  ['a context for each call', () => new Packer(() => null)],
])('with %s each frame is whole, whatever came before it (seed 1)', (_, make) => {
  const packer = make()
  for (const bytes of anyBytes(1)) {
    const before = Buffer.from(bytes)
    const back = zstdDecompressSync(packer.pack(bytes, room).subarray(room))
    expect([Buffer.compare(back, before), Buffer.compare(bytes, before)]).toEqual([0, 0])
  }
})

test('this Node has the handle that one context needs', () => {
  const packer = new Packer()
  for (const bytes of anyBytes(2)) packer.pack(bytes, room)
  expect([packer.isKept, new Packer(() => null).isKept]).toEqual([true, false])
})

test('a handle that does not do a frame in one go is not used again, and its frame is packed whole', () => {
  const half = { _handle: { writeSync: () => {} }, _writeState: new Uint32Array([0, 10]) }
  const packer = new Packer(() => half)
  const bytes = Buffer.from('abc'.repeat(1_000))
  expect(Buffer.from(zstdDecompressSync(packer.pack(bytes, room).subarray(room)))).toEqual(bytes)
  expect(packer.isKept).toBe(false)
})
