import type { AlertDetail, At } from '../../../core/contract/calls.ts'
import { Spark } from '../../chart/spark.tsx'
import { useCall } from '../../use-core.ts'
import { thin } from '../../words/number.ts'
import { age } from '../../words/time.ts'
import styles from './alerts.module.css'

const hourMs = 3600_000

/** Other signals of the device that left their usual place, by how far, and whether before or after. */
export function Moved({ detail, at }: { readonly detail: AlertDetail; readonly at: At }) {
  const { alert } = detail
  const moved = alert.explanation.moved.slice(0, 5)
  const ids = moved.map((other) => other.series)
  const from = Math.floor((alert.since - hourMs) / 60_000) * 60_000
  const lines = useCall(
    'series',
    { series: ids, from, until: from + 2 * hourMs, points: 60, at },
    { enabled: ids.length > 0 },
  )
  return (
    <section>
      <h2>Moved with it</h2>
      {moved.length === 0 ? (
        <p className="label">No other signal of this device left its usual place.</p>
      ) : (
        <table className={styles.slim}>
          <thead>
            <tr>
              <th>Signal</th>
              <th style={{ width: 64 }}>2 h</th>
              <th className="right" style={{ width: 64 }}>
                Shift
              </th>
              <th className="right" style={{ width: 64 }}>
                Lead
              </th>
            </tr>
          </thead>
          <tbody>
            {moved.map((other) => (
              <tr key={other.series}>
                <td className="cut" title={words(other.signal)}>
                  {words(other.signal)}
                </td>
                <td>
                  <Spark
                    values={lines.data?.find((line) => line.series === other.series)?.mean ?? none}
                    width={48}
                    height={20}
                  />
                </td>
                <td className="right medium num">{shift(other.sigma)}</td>
                <td className="right ink2 num">{lead(other.leadMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

const none = new Float64Array()

function words(signal: string): string {
  const text = signal.replaceAll(/[_.]+/g, ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function shift(sigma: number): string {
  return `${sigma < 0 ? '\u2212' : '+'}${Math.abs(sigma).toFixed(1)}${thin}σ`
}

/** "−10 min": it moved ten minutes before; "+50 s": after. */
function lead(ms: number | null): string {
  if (ms === null) return '–'
  return ms === 0 ? 'at once' : `${ms < 0 ? '\u2212' : '+'}${age(Math.abs(ms))}`
}
