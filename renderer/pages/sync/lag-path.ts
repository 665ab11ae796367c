export interface Line {
  readonly destination: string
  readonly time: Float64Array
  readonly behindMs: Float64Array
}

export interface Frame {
  readonly from: number
  readonly until: number
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

export interface Scale {
  readonly x: (time: number) => number
  readonly y: (ms: number) => number
  /** Milliseconds behind, from 0, at most five. */
  readonly ticks: readonly number[]
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const steps = [
  second,
  5 * second,
  15 * second,
  minute,
  5 * minute,
  15 * minute,
  hour,
  3 * hour,
  12 * hour,
  24 * hour,
  168 * hour,
]

/** From nothing up to the longest delay, in steps that a person reads as times. */
export function lagScale(lines: readonly Line[], frame: Frame): Scale {
  const highest = Math.max(4 * second, ...lines.map((line) => line.behindMs.reduce((a, b) => (b > a ? b : a), 0)))
  const step = steps.find((size) => highest / size <= 4) ?? highest / 4
  const top = Math.ceil(highest / step) * step
  const wide = Math.max(1, frame.width - frame.left - frame.right)
  const high = frame.height - frame.top - frame.bottom
  return {
    x: (time) => frame.left + ((time - frame.from) / (frame.until - frame.from)) * wide,
    y: (ms) => frame.top + high - (ms / top) * high,
    ticks: Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step),
  }
}

/** The line as an SVG path; a place that was not measured breaks it. */
export function lagPath(line: Line, scale: Scale): string {
  let path = ''
  let pen = false
  for (let i = 0; i < line.time.length; i++) {
    const ms = line.behindMs[i]!
    if (!Number.isNaN(ms)) path += `${pen ? 'L' : 'M'}${scale.x(line.time[i]!).toFixed(1)} ${scale.y(ms).toFixed(1)}`
    pen = !Number.isNaN(ms)
  }
  return path
}
