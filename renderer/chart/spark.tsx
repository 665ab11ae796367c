import type { Band } from '../../core/contract/model.ts'

interface SparkProps {
  readonly values: Float64Array
  readonly width: number
  readonly height: number
  readonly band?: Band | null
  /** Draw the band; false only uses it to tell what is outside. */
  readonly fill?: boolean
  /** This many missing points are joined over: a slow pace is no gap. */
  readonly join?: number
  /** Colour of the part outside the band and of the last point; none: all is drawn in grey. */
  readonly outside?: string | null
}

/** A line of one signal, small, without axes. What is no number breaks it. For the eye only: the number stands beside it. */
export function Spark({ values, width, height, band = null, fill = true, join = 0, outside = null }: SparkProps) {
  const scale = scaleOf(values, fill ? band : null, width, height)
  if (scale === null) return <svg width={width} height={height} aria-hidden="true" />
  const last = lastOf(values)
  const tail = outside === null ? '' : pathOf(values, scale, join, (v, i) => i === last || isOutside(v, band))
  return (
    <svg width={width} height={height} aria-hidden="true">
      {fill && band !== null && (
        <rect
          y={scale.y(band.high)}
          width={width}
          height={Math.max(1, scale.y(band.low) - scale.y(band.high))}
          fill="var(--band)"
        />
      )}
      <path
        d={pathOf(values, scale, join, () => true)}
        fill="none"
        stroke="var(--series)"
        strokeWidth="1.2"
        strokeLinejoin="round"
      />
      {outside !== null && <path d={tail} fill="none" stroke={outside} strokeWidth="1.8" strokeLinejoin="round" />}
      {outside !== null && <circle cx={scale.x(last)} cy={scale.y(values[last]!)} r="2.2" fill={outside} />}
    </svg>
  )
}

interface Scale {
  readonly x: (i: number) => number
  readonly y: (v: number) => number
}

function scaleOf(values: Float64Array, band: Band | null, width: number, height: number): Scale | null {
  let low = band?.low ?? Number.POSITIVE_INFINITY
  let high = band?.high ?? Number.NEGATIVE_INFINITY
  let seen = false
  for (const v of values) {
    if (!Number.isFinite(v)) continue
    seen = true
    low = Math.min(low, v)
    high = Math.max(high, v)
  }
  if (!seen) return null
  const half = high / 2 - low / 2 || 0.5 // the whole may be larger than a number can be
  const step = (width - 4) / Math.max(1, values.length - 1)
  return { x: (i) => 1 + i * step, y: (v) => height - 2 - ((v / 2 - low / 2) / half) * (height - 4) }
}

function pathOf(values: Float64Array, scale: Scale, join: number, wanted: (v: number, i: number) => boolean): string {
  let path = ''
  let drawn = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!
    if (!Number.isFinite(v)) continue
    if (!wanted(v, i)) {
      drawn = Number.NEGATIVE_INFINITY
      continue
    }
    path += `${i - drawn <= join + 1 ? 'L' : 'M'}${scale.x(i).toFixed(1)} ${scale.y(v).toFixed(1)}`
    drawn = i
  }
  return path
}

function isOutside(v: number, band: Band | null): boolean {
  return band !== null && (v < band.low || v > band.high)
}

function lastOf(values: Float64Array): number {
  let last = values.length - 1
  while (last > 0 && !Number.isFinite(values[last]!)) last--
  return last
}
