import { expect, test } from 'vitest'
import { decodeFrame, encodeFrame, type Frame } from '../../core/contract/wire.ts'

const frame: Frame = {
  type: 'answer',
  id: 7,
  output: {
    unit: 'm³/h',
    none: new Float64Array(),
    time: Float64Array.of(1, 2, 3),
    rows: [{ mean: Float64Array.of(-0, Number.NaN, 1e-300) }],
  },
}

test('a frame comes back as it went, columns bit for bit', () => {
  expect(decodeFrame(encodeFrame(frame))).toEqual(frame)
})

test('bytes that lie at an odd place of a larger buffer are read all the same', () => {
  const bytes = encodeFrame(frame)
  for (const shift of [1, 3, 8, 13]) {
    const pool = Buffer.alloc(bytes.length + shift + 5)
    pool.set(bytes, shift)
    expect(decodeFrame(pool.subarray(shift, shift + bytes.length))).toEqual(frame)
  }
})

test('the columns of a frame are its own: writing to one changes no other', () => {
  const { output } = decodeFrame(
    encodeFrame({ type: 'answer', id: 1, output: [Float64Array.of(1), Float64Array.of(2)] }),
  ) as { output: Float64Array[] }
  output[0]!.fill(9)
  expect(output[1]).toEqual(Float64Array.of(2))
})

test.each([[''], ['\0\0\0'], ['\xff\xff\xff\xff{}'], ['\x02\0\0\0[}']])(
  'bytes that are no frame are refused (%j)',
  (text) => {
    expect(() => decodeFrame(Buffer.from(text, 'latin1'))).toThrow()
  },
)
