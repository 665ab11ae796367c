import type { At, Health } from '../../../core/contract/calls.ts'
import type { UndecodableReason } from '../../../core/contract/model.ts'
import { formatRoute } from '../../route.ts'
import { count } from '../../words/number.ts'
import { reasonWords } from '../../words/reason.ts'
import styles from './health.module.css'

/** Messages that are kept but could not be read, by reason; nothing when there are none. */
export function Unreadable({ at, undecodable }: { readonly at: At; readonly undecodable: Health['undecodable'] }) {
  if (undecodable.total === 0) return null
  const reasons = Object.entries(undecodable.byReason) as [UndecodableReason, number][] // the keys of a record of reasons
  return (
    <section>
      <div className={styles.sideHead}>
        <h2>Kept, but not readable</h2>
        <a className="label" href={formatRoute({ page: 'devices', show: 'unreadable', at })}>
          Open
        </a>
      </div>
      {reasons.map(([reason, n]) => (
        <div key={reason} className="row small ink2" style={{ height: 22 }}>
          <span className="push">{reasonWords(reason)}</span>
          <span className="num">{count(n)}</span>
        </div>
      ))}
    </section>
  )
}
