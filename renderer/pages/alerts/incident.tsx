import type { AlertDetail, At } from '../../../core/contract/calls.ts'
import { PriorityMark } from '../../parts/priority-mark.tsx'
import { formatRoute } from '../../route.ts'
import { many } from '../../words/number.ts'
import { age } from '../../words/time.ts'
import styles from './alerts.module.css'

/** The alerts that began with this one: likely one cause, so they are one call, in the order in which they moved. */
export function Incident({ detail, at }: { readonly detail: AlertDetail; readonly at: At }) {
  const { alert, members } = detail
  if (members.length === 0) return null
  const moved = [alert, ...members].sort((a, b) => a.since - b.since)
  const first = moved[0]!
  return (
    <section aria-label="One incident">
      <div className="row">
        <h2>One incident</h2>
        <span className="label">{many(moved.length, 'alert')} that began together, the first to move on top</span>
      </div>
      <ol className={styles.incident}>
        {moved.map((one) => (
          <li key={one.id}>
            <PriorityMark priority={one.priority} acknowledged={one.until !== null} />
            <a
              className="cut"
              href={formatRoute({ page: 'alerts', id: one.id, show: 'open', at })}
              aria-current={one.id === alert.id ? 'true' : undefined}
            >
              {one.title}
            </a>
            <span className="small ink2 num right">
              {one === first ? 'first' : one.since === first.since ? 'at once' : `+${age(one.since - first.since)}`}
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}
