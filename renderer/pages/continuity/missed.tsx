import type { Continuity } from '../../../core/contract/calls.ts'
import { useClock } from '../../use-core.ts'
import { count, many } from '../../words/number.ts'
import styles from './continuity.module.css'

/** Messages that Sparkplug edge nodes numbered and that did not come. Absent where nothing is missing. */
export function Missed({ sources }: { readonly sources: Continuity['sources'] }) {
  const clock = useClock()
  const total = sources.reduce((sum, source) => sum + source.missed.messages, 0)
  if (total === 0) return null
  const newest = sources.flatMap((source) => source.missed.newest).sort((a, b) => b.until - a.until)
  return (
    <section>
      <h2>Missing by Sparkplug sequence</h2>
      <p className="label">{many(total, 'message')}, by the numbers of those before and after them.</p>
      <ul>
        {newest.map((one) => (
          <li key={`${one.node} ${one.until}`} className={styles.silent}>
            <span className="cut">
              {count(one.messages)}, {one.node}
            </span>
            <span className="num ink2">{clock.moment(one.until)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
