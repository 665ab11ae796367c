import type { Band } from '../../core/contract/model.ts'

interface BandBarProps {
  readonly value: number
  readonly band: Band
  readonly colour?: string
  readonly width?: number
}

/** Where a value stands against what is usual: the band is the middle of the bar, the value a mark on it. */
export function BandBar({ value, band, colour = 'var(--series)', width = 84 }: BandBarProps) {
  const span = band.high - band.low || 1
  const left = width * bandFrom
  const right = width * bandTo
  const at = left + ((value - band.low) / span) * (right - left)
  const mark = Math.min(width - 2, Math.max(2, at))
  return (
    <svg width={width} height="14" aria-hidden="true">
      <rect y="6" width={width} height="2" rx="1" fill="var(--line)" />
      <rect
        x={left}
        y="4"
        width={right - left}
        height="6"
        rx="1"
        fill="var(--band)"
        stroke="var(--band-edge)"
        strokeWidth=".75"
      />
      <path d={`M${mark.toFixed(1)} 1v12`} stroke={colour} strokeWidth="2.5" strokeLinecap="round" />
    </svg>
  )
}

const bandFrom = 0.3
const bandTo = 0.72
