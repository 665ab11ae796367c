import { useRef } from 'react'
import type { DestinationRow } from '../../../core/contract/calls.ts'
import { useWidth } from '../../chart/use-width.ts'
import { useCall, useClock } from '../../use-core.ts'
import { isHeld } from '../../words/sync-state.ts'
import { age } from '../../words/time.ts'
import { type Line, lagPath, lagScale, type Scale } from './lag-path.ts'
import styles from './sync.module.css'
import { useNow } from './use-now.ts'

const dayMs = 24 * 3600_000
const height = 168
const plot = { left: 64, right: 12, top: 8, bottom: 22 }

/** How old the oldest record not yet sent was, over a day. */
export function LagChart({ rows }: { readonly rows: readonly DestinationRow[] }) {
  const minute = Math.floor(useNow() / 60_000) * 60_000
  const lag = useCall('lag', { from: minute - dayMs, until: minute + 60_000, points: 288 })
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box)
  const lines = lag.data ?? []
  const isLate = (name: string) => isHeld(rows.find((row) => row.name === name)?.state ?? 'live')
  const lookOf = ({ destination }: Line, i: number): Look => ({
    stroke: isLate(destination) ? 'var(--p2)' : 'var(--series)',
    strokeDasharray: dashes[i % dashes.length]!,
  })
  const scale = lagScale(lines, { from: minute - dayMs, until: minute + 60_000, width, height, ...plot })
  return (
    <section className={styles.lag}>
      <div className="row">
        <h2>Oldest record not yet sent</h2>
        <span className="label">24 h</span>
        <span className="push" />
        {lines.length > 1 &&
          lines.map((line, i) => <Key key={line.destination} name={line.destination} look={lookOf(line, i)} />)}
      </div>
      <div ref={box}>
        <svg width={width} height={height} role="img" aria-label={summary(lines)}>
          <Axes scale={scale} from={minute - dayMs} until={minute} />
          {lines.map((line, i) => (
            <Trace key={line.destination} line={line} scale={scale} look={lookOf(line, i)} />
          ))}
        </svg>
      </div>
    </section>
  )
}

/** Colour says who waits; the dashes tell the others apart. */
interface Look {
  readonly stroke: string
  readonly strokeDasharray: string
}

const dashes = ['none', '6 3', '2 2', '8 2 2 2']

function Key({ name, look }: { readonly name: string; readonly look: Look }) {
  return (
    <span className={`label ${styles.key}`}>
      <svg width="18" height="2" aria-hidden="true">
        <path d="M0 1H18" strokeWidth="2" {...look} />
      </svg>
      {name}
    </span>
  )
}

/** The line, and a point at its newest place: the first minutes of a destination are a point alone. */
function Trace({ line, scale, look }: { readonly line: Line; readonly scale: Scale; readonly look: Look }) {
  const last = line.behindMs.findLastIndex((ms) => !Number.isNaN(ms))
  return (
    <>
      <path d={lagPath(line, scale)} fill="none" strokeWidth="1.5" {...look} />
      {last >= 0 && (
        <circle cx={scale.x(line.time[last]!)} cy={scale.y(line.behindMs[last]!)} r="2.5" fill={look.stroke} />
      )}
    </>
  )
}

function Axes({ scale, from, until }: { readonly scale: Scale; readonly from: number; readonly until: number }) {
  const clock = useClock()
  return (
    <g className={styles.axes}>
      {scale.ticks.map((tick) => (
        <g key={tick}>
          <path d={`M${plot.left} ${scale.y(tick)}H${scale.x(until)}`} stroke="var(--line)" />
          <text x={plot.left - 8} y={scale.y(tick) + 4} textAnchor="end">
            {tick === 0 ? '0' : age(tick)}
          </text>
        </g>
      ))}
      {[0, 0.25, 0.5, 0.75, 1].map((share) => (
        <text key={share} x={scale.x(from + (until - from) * share)} y={height - 4} textAnchor={anchor(share)}>
          {clock.minute(from + (until - from) * share)}
        </text>
      ))}
    </g>
  )
}

function anchor(share: number): 'start' | 'middle' | 'end' {
  if (share === 0) return 'start'
  return share === 1 ? 'end' : 'middle'
}

function summary(lines: readonly { readonly destination: string; readonly behindMs: Float64Array }[]): string {
  if (lines.length === 0) return 'No destination has been measured yet'
  return lines
    .map(
      (line) =>
        `${line.destination}: ${age(line.behindMs.at(-1) ?? 0)} behind now, at most ${age(most(line.behindMs))} in 24 h`,
    )
    .join('. ')
}

function most(values: Float64Array): number {
  return values.reduce((a, b) => (b > a ? b : a), 0)
}
