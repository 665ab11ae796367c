// Just enough of protobuf to write a Sparkplug payload.

export interface Metric {
  readonly name?: string
  readonly alias?: number
  readonly value: number | boolean
}

export function sparkplug(seq: number | null, time: number, metrics: readonly Metric[]): Uint8Array {
  const parts = [number(1, time), ...metrics.map((metric) => piece(2, metricBytes(metric)))]
  return Buffer.concat(seq === null ? parts : [...parts, number(3, seq)])
}

function metricBytes({ name, alias, value }: Metric): Buffer {
  return Buffer.concat([
    ...(name === undefined ? [] : [piece(1, Buffer.from(name)), number(4, typeof value === 'boolean' ? 11 : 10)]),
    ...(alias === undefined ? [] : [number(2, alias)]),
    typeof value === 'boolean' ? number(14, value ? 1 : 0) : double(13, value),
  ])
}

/** A length-delimited field. */
export function piece(field: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes])
}

function number(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)])
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return Buffer.concat([varint(field * 8 + 1), bytes])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest >= 128 ? (rest % 128) + 128 : rest)
    if (rest < 128) return Buffer.from(bytes)
  }
}
