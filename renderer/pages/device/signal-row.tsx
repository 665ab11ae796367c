import type { AlertRow, Columns, SignalRow as Signal } from '../../../core/contract/calls.ts'
import type { Millis, Priority } from '../../../core/contract/model.ts'
import { StateStrip } from '../../chart/state-strip.tsx'
import { TimeChart } from '../../chart/time-chart.tsx'
import { range, thin, value } from '../../words/number.ts'
import { age, type Clock } from '../../words/time.ts'
import styles from './device.module.css'
import { shownName } from './edit-signal.tsx'

interface SignalRowProps {
  readonly signal: Signal
  readonly columns: Columns
  readonly alerts: readonly AlertRow[]
  readonly from: Millis
  readonly until: Millis
  readonly clock: Clock
  readonly onRange: (range: { from: Millis; until: Millis } | null) => void
}

/** A signal: name, value, what is usual, and its chart or its states. */
export function SignalRow({ signal, columns, alerts, from, until, clock, onRange }: SignalRowProps) {
  const title = shownName(signal)
  if (columns.type !== 'number')
    return (
      <div className={`${styles.signal} ${styles.state}`}>
        <span className="medium cut" title={signal.signal}>
          {title}
        </span>
        <StateStrip title={title} states={columns.states} from={from} until={until} clock={clock} />
      </div>
    )
  const shown = alerts.filter(({ alert }) => alert.since < until && (alert.until ?? until) > from)
  const open = shown.find(({ alert }) => alert.until === null)
  return (
    <div className={styles.signal}>
      <div>
        <p className="medium cut" title={signal.signal}>
          {title}
        </p>
        <p className={`${styles.figure} cut`}>
          <span className={open === undefined ? undefined : `p${open.alert.priority}`}>{value(signal.value)}</span>
          {signal.unit !== null && (
            <small>
              {thin}
              {signal.unit}
              {signal.unitGuessed && ' ?'}
            </small>
          )}
        </p>
        <p className="label num cut">{usual(signal)}</p>
      </div>
      <TimeChart
        title={title}
        columns={columns}
        from={from}
        until={until}
        priority={worst(shown)}
        intervals={shown.map(({ alert }) => ({ from: alert.since, until: alert.until, priority: alert.priority }))}
        marks={[]}
        axis={false}
        clock={clock}
        onRange={onRange}
      />
    </div>
  )
}

function usual({ band, learningMs }: Signal): string {
  if (band !== null) return `usual ${range(band.low, band.high)}`
  return learningMs === null ? 'no band' : `first band in ${age(learningMs)}`
}

function worst(alerts: readonly AlertRow[]): Priority | null {
  return alerts.reduce<Priority | null>(
    (found, { alert }) => (found === null || alert.priority < found ? alert.priority : found),
    null,
  )
}
