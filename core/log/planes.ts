import type { Layout } from './columns.ts'

// What zstd sees in place of a body: running sums as differences, and of the three 32-bit columns the bytes of equal weight
// side by side. Most of these planes are one byte over and over, so a block is a fifth smaller and packs faster. Same size.

/** What `use` makes of a body in planes. They take the place of its columns, which come back then: no payload is copied. */
export function inPlanes<T>(body: Uint8Array, layout: Layout, use: (planes: Uint8Array) => T): T {
  const columns = body.slice(0, layout.n * (layout.wide ? 16 : 12))
  eachColumn(columns, layout, (column, at, isSum) => split(column, isSum, body, at))
  try {
    return use(body)
  } finally {
    body.set(columns)
  }
}

/** The body, in the same memory. */
export function fromPlanes(packed: Uint8Array, layout: Layout): Uint8Array {
  const body = packed.byteOffset % 8 === 0 ? packed : new Uint8Array(packed) // columns need an aligned beginning
  const planes = new Uint8Array(body.subarray(0, layout.n * (layout.wide ? 16 : 12)))
  eachColumn(body, layout, (column, at, isSum) => join(planes, at, isSum, column))
  return body
}

/** Times of 32 bits, topics and ends, as they lie at the beginning of a body. Throws RangeError when it is too short. */
function eachColumn(
  body: Uint8Array,
  { n, wide }: Layout,
  work: (column: Uint32Array, at: number, isSum: boolean) => void,
): void {
  const topic = n * (wide ? 8 : 4)
  const column = (at: number) => new Uint32Array(body.buffer, body.byteOffset + at, n)
  if (!wide) work(column(0), 0, true)
  work(column(topic), topic, false)
  work(column(topic + n * 4), topic + n * 4, true)
}

function split(column: Uint32Array, isSum: boolean, planes: Uint8Array, at: number): void {
  const n = column.length
  let before = 0
  for (let i = 0; i < n; i++) {
    const value = column[i]! - before
    if (isSum) before = column[i]!
    planes[at + i] = value
    planes[at + n + i] = value >>> 8
    planes[at + 2 * n + i] = value >>> 16
    planes[at + 3 * n + i] = value >>> 24
  }
}

function join(planes: Uint8Array, at: number, isSum: boolean, column: Uint32Array): void {
  const n = column.length
  let before = 0
  for (let i = 0; i < n; i++) {
    const value =
      planes[at + i]! | (planes[at + n + i]! << 8) | (planes[at + 2 * n + i]! << 16) | (planes[at + 3 * n + i]! << 24)
    column[i] = before + value
    if (isSum) before = column[i]!
  }
}
