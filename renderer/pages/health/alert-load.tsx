import { useRef } from 'react'
import type { At } from '../../../core/contract/calls.ts'
import type { Millis } from '../../../core/contract/model.ts'
import { useWidth } from '../../chart/use-width.ts'
import { useCall, useClock, useStatus } from '../../use-core.ts'
import { many } from '../../words/number.ts'
import styles from './health.module.css'

/** Alerts an hour over a day, against the six that one person can answer. */
export function AlertLoad({ at }: { readonly at: At }) {
  const load = useCall('alertLoad', { at }).data
  const now = useStatus()?.time ?? Date.now()
  const element = useRef<HTMLDivElement>(null)
  const width = useWidth(element)
  return (
    <section>
      <div className={styles.sideHead}>
        <h2>Alert load</h2>
        <span className="label">24 h, per hour</span>
      </div>
      <div ref={element} style={{ height: 74 }}>
        {load !== undefined && <Bars hours={load.hours} width={width} until={at ?? now} />}
      </div>
      {load !== undefined && (
        <p className="label" style={{ marginTop: 4 }}>
          {load.perHour.toFixed(1)} an hour on average. Good is 6 or fewer.{' '}
          {load.floods === 0 ? 'No flood in 24 h.' : `${many(load.floods, 'flood')} in 24 h (more than 10 in 10 min).`}
        </p>
      )}
    </section>
  )
}

const height = 74
const floor = height - 14
const good = 6
const hour = 3_600_000

function Bars({
  hours,
  width,
  until,
}: {
  readonly hours: Float64Array
  readonly width: number
  readonly until: Millis
}) {
  const clock = useClock()
  const top = Math.max(7, ...hours)
  const y = (n: number) => floor - (n / top) * (height - 20)
  const step = Math.max(2, (width - 16) / 24)
  return (
    <svg
      width={width}
      height={height}
      role="img"
      aria-label={`Alerts in each of the last 24 hours: ${[...hours].join(', ')}`}
    >
      {[...hours].map((n, i) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: the 24 hours keep their places
          key={i}
          x={i * step}
          y={n === 0 ? floor - 1 : y(n)}
          width={step - 2}
          height={Math.max(1, floor - y(n))}
          rx="1"
          fill={i === 23 ? 'var(--ink-2)' : 'var(--band-edge)'}
        />
      ))}
      <path d={`M0 ${y(good)}H${width - 16}`} stroke="var(--control)" strokeDasharray="3 3" />
      <text x={width - 12} y={y(good) + 4}>
        {good}
      </text>
      <text x="0" y={height - 1}>
        {clock.minute(until - 23 * hour).slice(0, 2)}:00
      </text>
      <text x={width - 16} y={height - 1} textAnchor="end">
        {clock.minute(until).slice(0, 2)}:00
      </text>
    </svg>
  )
}
