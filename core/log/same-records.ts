import type { Columns } from './columns.ts'

/**
 * Whether a block holds the records of several, in order: decode(sealed) = concat(decode(small)), asked column by column
 * and not by what put them together. A part about which nothing was said beside its payloads has no such column.
 */
export function holdsSame(whole: Columns, parts: readonly Columns[]): boolean {
  let row = 0
  let end = 0
  let metaEnd = 0
  for (const part of parts) {
    if (row + part.n > whole.n) return false
    if (!sameRows(whole, part, row, end) || !sameMeta(whole, part, row, metaEnd)) return false
    row += part.n
    end += part.bytes.length
    metaEnd += part.meta?.bytes.length ?? 0
  }
  return row === whole.n && end === whole.bytes.length && metaEnd === (whole.meta?.bytes.length ?? 0)
}

function sameRows(whole: Columns, part: Columns, row: number, end: number): boolean {
  for (let i = 0; i < part.n; i++) {
    const at = row + i
    if (
      whole.t0 + whole.dt[at]! !== part.t0 + part.dt[i]! ||
      whole.topic[at] !== part.topic[i] ||
      whole.kind[at] !== part.kind[i] ||
      whole.flags[at] !== part.flags[i] ||
      whole.end[at] !== end + part.end[i]!
    )
      return false
  }
  return Buffer.compare(whole.bytes.subarray(end, end + part.bytes.length), part.bytes) === 0
}

function sameMeta({ meta }: Columns, part: Columns, row: number, end: number): boolean {
  if (meta === null) return part.meta === null
  const bytes = part.meta?.bytes ?? nothing
  for (let i = 0; i < part.n; i++) if (meta.end[row + i] !== end + (part.meta?.end[i] ?? 0)) return false
  return Buffer.compare(meta.bytes.subarray(end, end + bytes.length), bytes) === 0
}

const nothing = new Uint8Array()
