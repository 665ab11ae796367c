import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { Scratch } from '../../../core/log/scratch.ts'
import { Unpacker } from '../../../core/log/unpacker.ts'
import { seeded } from '../../support/seeded.ts'

const ways = [
  ['one context', new Unpacker()],
  ['a call of its own', new Unpacker(() => null)],
] as const

test.each(ways)('what was packed comes back, into a room and into memory of its own, by %s', (_, unpacker) => {
  const random = seeded(5)
  const room = new Scratch()
  for (let i = 0; i < 40; i++) {
    const bytes = Buffer.from('x'.repeat(random() * 200_000) + String(random()).repeat(random() * 5_000))
    const packed = zstdCompressSync(bytes)
    expect(bytes.equals(unpacker.unpack(packed, bytes.length, room))).toBe(true)
    expect(bytes.equals(unpacker.unpack(packed, bytes.length, null))).toBe(true)
  }
})

test.each(ways)(
  'what is damaged, or holds another number of bytes, is said, and the next is well, by %s',
  (_, unpacker) => {
    const room = new Scratch()
    const bytes = Buffer.from('a long line '.repeat(10_000))
    const packed = zstdCompressSync(bytes)
    const damaged = Buffer.from(packed)
    damaged.fill(0xff, 4, 20)
    for (const one of [damaged, packed.subarray(0, packed.length - 3), Buffer.alloc(0)])
      expect(() => unpacker.unpack(one, bytes.length, room)).toThrow()
    expect(() => unpacker.unpack(packed, bytes.length - 1, room)).toThrow()
    expect(unpacker.unpack(packed, bytes.length + 1, room).length).toBe(bytes.length)
    expect(bytes.equals(unpacker.unpack(packed, bytes.length, room))).toBe(true)
  },
)
