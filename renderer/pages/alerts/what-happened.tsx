import type { At, ShownAlert } from '../../../core/contract/calls.ts'
import type { Alert } from '../../../core/contract/model.ts'
import { TimeChart } from '../../chart/time-chart.tsx'
import { useCall, useClock, useStatus } from '../../use-core.ts'
import { shownUnit } from '../../words/number.ts'
import { age } from '../../words/time.ts'
import styles from './alerts.module.css'

const minuteMs = 60_000

/** The signal against its usual band, from before the alert until now or a little after its end. */
export function WhatHappened({ alert, at }: { readonly alert: ShownAlert; readonly at: At }) {
  const clock = useClock()
  const now = useStatus()?.time
  const span = spanOf(alert, at ?? now ?? alert.since)
  const series = useCall(
    'series',
    { series: alert.series === null ? [] : [alert.series], ...span, points: 720, at },
    { enabled: now !== undefined },
  )
  const columns = series.data?.[0]
  return (
    <section className={styles.chart}>
      <div className="row">
        <h2>What happened</h2>
        <span className="label">
          {alert.unit === null ? '' : `${shownUnit(alert)}, `}
          {age(span.until - span.from)}
        </span>
        <span className="push" />
        <Legend priority={alert.priority} />
      </div>
      <div className={styles.plot}>
        {columns !== undefined && (
          <TimeChart
            title={alert.signal ?? alert.title}
            columns={columns}
            {...span}
            priority={alert.priority}
            intervals={[{ from: alert.since, until: alert.until ?? span.until, priority: alert.priority }]}
            marks={[]}
            axis
            clock={clock}
          />
        )}
      </div>
    </section>
  )
}

function Legend({ priority }: { readonly priority: number }) {
  return (
    <span className={`label ${styles.legend}`} aria-hidden="true">
      <i className={styles.keyBand} /> expected
      <i className={styles.keyLine} /> observed
      <i className={styles.keyLine} style={{ background: `var(--p${priority})`, height: 2 }} /> outside
    </span>
  )
}

/** From well before the start to the end, in whole minutes so that a live chart asks once a minute. */
function spanOf(alert: Alert, now: number): { readonly from: number; readonly until: number } {
  const end = alert.until ?? now
  const lasted = Math.max(20 * minuteMs, end - alert.since)
  const before = Math.min(Math.max(100 * minuteMs, lasted), 7 * 24 * 60 * minuteMs)
  const after = alert.until === null ? 0 : lasted * 0.2
  const from = Math.floor((alert.since - before) / minuteMs) * minuteMs
  return { from, until: Math.max(from + minuteMs, Math.ceil(Math.min(now, end + after) / minuteMs) * minuteMs) }
}
