import type { AlertLoad, At } from '../../../core/contract/calls.ts'
import { useCall } from '../../use-core.ts'
import { count } from '../../words/number.ts'
import { signalName } from '../../words/signal.ts'
import styles from './health.module.css'

const most = 6

/** What asked for attention most often: the first things to mend. */
export function Frequent({ at }: { readonly at: At }) {
  const frequent = useCall('alertLoad', { at }).data?.frequent ?? []
  if (frequent.length === 0) return null
  const top = Math.max(...frequent.map((one) => one.count))
  return (
    <section>
      <div className={styles.sideHead}>
        <h2>Most frequent</h2>
        <span className="label">7 days</span>
      </div>
      {frequent.slice(0, most).map((one) => (
        <div key={`${one.device} ${one.signal}`} className={styles.often}>
          <span className="cut" title={nameOf(one)}>
            {nameOf(one)}
          </span>
          <span className="num right">{count(one.count)}</span>
          <i style={{ width: `${(one.count / top) * 100}%` }} />
        </div>
      ))}
    </section>
  )
}

function nameOf({ label, signal }: AlertLoad['frequent'][number]): string {
  return signal === null ? label : `${label}, ${signalName(signal).toLowerCase()}`
}
