import type { Continuity } from '../../../core/contract/calls.ts'
import { useClock } from '../../use-core.ts'
import styles from './continuity.module.css'

/** What left the log before a destination had it. Absent where nothing did. */
export function GivenUp({ records }: { readonly records: Continuity['givenUp'] }) {
  const clock = useClock()
  if (records.length === 0) return null
  return (
    <section>
      <h2>Given up unsent</h2>
      <p className="label">The disk lacked room, and the settings let these go.</p>
      <ul>
        {records.map((one) => (
          <li key={one.words} className={styles.silent}>
            <span>{one.words}</span>
            <span className="num ink2">{clock.moment(one.time)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
