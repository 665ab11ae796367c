import type { At } from '../../../core/contract/calls.ts'
import { moveRow, useKeys } from '../../keys.ts'
import { Empty } from '../../parts/empty.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { PriorityMark } from '../../parts/priority-mark.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { Skeleton } from '../../parts/skeleton.tsx'
import { formatRoute } from '../../route.ts'
import { useCall, useClock, useStatus } from '../../use-core.ts'
import { count, range, shownUnit, withUnit } from '../../words/number.ts'
import { age } from '../../words/time.ts'
import styles from './device.module.css'

const asked = 200

/** The alerts of one device, newest first. */
export function AlertsTab({ device, at }: { readonly device: string; readonly at: At }) {
  const { data, error } = useCall('alerts', { at, show: 'history', device, limit: asked })
  const now = useStatus()?.time ?? Date.now()
  const clock = useClock()
  useKeys({ j: () => moveRow(1), k: () => moveRow(-1) })
  if (data === undefined) return error === null ? <Skeleton /> : <ErrorNote error={error} />
  if (data.rows.length === 0) return <Empty icon="check" title="No alert of this device is kept" />
  return (
    <Scroll className={styles.scroll} label="Alerts">
      <table className={styles.first}>
        <thead>
          <tr>
            <th scope="col" style={{ width: '38%' }}>
              Alert
            </th>
            <th scope="col" style={{ width: 164 }}>
              Since
            </th>
            <th scope="col">Lasted</th>
            <th scope="col">Observed</th>
            <th scope="col">Usual</th>
            <th scope="col">Acknowledged</th>
          </tr>
        </thead>
        <tbody>
          {data.rows.map(({ alert, group }) => (
            <tr key={alert.id}>
              <td>
                <span className="row">
                  <PriorityMark
                    priority={alert.priority}
                    acknowledged={alert.acknowledged !== null}
                    state={group === 'shelved' || group === 'suppressed' ? 'shelved' : 'alert'}
                  />
                  <a
                    className="cut"
                    data-row={alert.id}
                    href={formatRoute({
                      page: 'alerts',
                      id: alert.id,
                      show: group === 'closed' ? 'history' : 'open',
                      at,
                    })}
                  >
                    {alert.title}
                  </a>
                </span>
              </td>
              <td className="num ink2" title={clock.utc(alert.since)}>
                {clock.full(alert.since)}
              </td>
              <td className="num ink2">
                {age((alert.until ?? at ?? now) - alert.since)}
                {alert.until === null && ', still'}
              </td>
              <td className="num">
                {alert.explanation.observed === null ? '–' : withUnit(alert.explanation.observed, shownUnit(alert))}
              </td>
              <td className="num ink2">
                {alert.explanation.expected === null
                  ? '–'
                  : range(alert.explanation.expected.low, alert.explanation.expected.high)}
              </td>
              <td className="ink2">{alert.acknowledged?.by ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.total > data.rows.length && (
        <p className="label" style={{ padding: '8px 24px' }}>
          The newest {count(data.rows.length)} of {count(data.total)}.
        </p>
      )}
    </Scroll>
  )
}
