import { useCall, useClock } from '../../use-core.ts'
import { many } from '../../words/number.ts'
import { age } from '../../words/time.ts'
import styles from './sync.module.css'
import { useNow } from './use-now.ts'

/** When sending stopped, for how long and why, and how much waited. Nothing is missing after any of them: the log kept it. */
export function Outages() {
  const outages = useCall('outages', {})
  const clock = useClock()
  const now = useNow()
  const rows = outages.data ?? []
  return (
    <section>
      <h2>Outages</h2>
      {rows.length === 0 && <p className="label">None recorded.</p>}
      <ul className={styles.outages}>
        {rows.slice(0, 12).map((row) => (
          <li key={`${row.destination}:${row.from}`}>
            <div className="row small">
              <span className="num">{clock.moment(row.from)}</span>
              <span className="cut ink2">{row.destination}</span>
              <span className="push" />
              <span className={row.until === null ? 'num p2' : 'num'}>
                {age((row.until ?? now) - row.from)}
                {row.until === null ? ', goes on' : ''}
              </span>
            </div>
            <p className="label">
              {row.waited !== null && <span className="num">{many(row.waited, 'record')} waited. </span>}
              {row.cause}
            </p>
          </li>
        ))}
      </ul>
    </section>
  )
}
