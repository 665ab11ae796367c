import type { ErrorData } from './errors.ts'

/** What travels between the renderer and the core, both ways. */
export type Frame =
  | { readonly type: 'call'; readonly id: number; readonly name: string; readonly input: unknown }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'answer'; readonly id: number; readonly output: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: ErrorData }
  | { readonly type: 'push'; readonly name: string; readonly push: unknown }
  /** The page has taken the push of that name; until then no newer one comes. */
  | { readonly type: 'heard'; readonly name: string }

/**
 * A frame as bytes: u32 length of the JSON, the JSON, padding to 8, then the raw columns.
 * In the JSON a Float64Array stands as `{"$f64":[where it begins among the columns, in values, its length]}`.
 */
export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const columns: Float64Array[] = []
  let length = 0
  const json = JSON.stringify(frame, (_, value: unknown) => {
    if (!(value instanceof Float64Array)) return value
    columns.push(value)
    length += value.length
    return { $f64: [length - value.length, value.length] }
  })
  const text = new TextEncoder().encode(json)
  const start = Math.ceil((4 + text.length) / 8) * 8
  const bytes = new Uint8Array(start + length * 8)
  new DataView(bytes.buffer).setUint32(0, text.length, true)
  bytes.set(text, 4)
  const out = new Float64Array(bytes.buffer, start)
  let at = 0
  for (const column of columns) {
    out.set(column, at)
    at += column.length
  }
  return bytes
}

/** Throws SyntaxError or RangeError on bytes that are not a frame. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const own = new Uint8Array(bytes) // a copy in its own buffer, so that the columns are aligned; slice of a Buffer is none
  const length = new DataView(own.buffer).getUint32(0, true)
  const start = Math.ceil((4 + length) / 8) * 8
  const columns = new Float64Array(own.buffer, Math.min(start, own.length))
  const json = new TextDecoder().decode(own.subarray(4, 4 + length))
  return JSON.parse(json, (_, value: unknown) => {
    const place = columnPlace(value)
    return place === null ? value : columns.slice(place[0], place[0] + place[1])
  }) as Frame // both sides of the wire are ours; names and inputs are checked by the host
}

function columnPlace(value: unknown): [number, number] | null {
  if (typeof value !== 'object' || value === null || !('$f64' in value)) return null
  return value.$f64 as [number, number] // written by encodeFrame only
}
