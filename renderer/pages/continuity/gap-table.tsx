import { useState } from 'react'
import type { Continuity } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { formatRoute } from '../../route.ts'
import { useClock } from '../../use-core.ts'
import { type SharedGap, sharedGaps } from '../../words/gap.ts'
import { count } from '../../words/number.ts'
import { age } from '../../words/time.ts'
import styles from './continuity.module.css'

const pageSize = 50

/** Gaps of all sources, the newest first. Each leads to the instant at which it began. */
export function GapTable({ answer }: { readonly answer: Continuity }) {
  const [shown, setShown] = useState(pageSize)
  const rows = sharedGaps(answer.sources)
  const cut = answer.sources.filter((source) => source.more)
  return (
    <section className={styles.table}>
      <h2>Gaps</h2>
      {rows.length === 0 ? (
        <p className="label" style={{ padding: '0 24px' }}>
          None in this time.
        </p>
      ) : (
        <table>
          <thead>
            <tr>
              <th style={{ width: 156 }}>Began</th>
              <th style={{ width: 104 }}>Lasted</th>
              <th style={{ width: 136 }}>Source</th>
              <th style={{ width: 148 }}>Cause</th>
              <th>In detail</th>
              <th className="right" style={{ width: 110 }}>
                Came late
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map((gap) => (
              <Row key={`${gap.sources[0]} ${gap.from} ${gap.cause}`} gap={gap} answer={answer} />
            ))}
          </tbody>
        </table>
      )}
      {rows.length > shown && (
        <div className={styles.more}>
          <Button onClick={() => setShown(shown + 4 * pageSize)}>Show more of {count(rows.length)}</Button>
        </div>
      )}
      {cut.length > 0 && (
        <p className={`${styles.more} label`}>
          There were more gaps before these of {cut.map((source) => source.source).join(', ')}. Choose a shorter time.
        </p>
      )}
    </section>
  )
}

function Row({ gap, answer }: { readonly gap: SharedGap; readonly answer: Continuity }) {
  const clock = useClock()
  const names = gap.sources.toSorted().join(', ')
  const all = gap.sources.length > 1 && gap.sources.length === answer.sources.length
  return (
    <tr>
      <td className="num">
        <a href={formatRoute({ page: 'health', at: gap.from })} title={clock.utc(gap.from)}>
          {clock.day(gap.from)}, {clock.time(gap.from)}
        </a>
      </td>
      <td className="num">
        {age((gap.until ?? answer.until) - gap.from)}
        {gap.until === null && ' so far'}
      </td>
      <td title={names}>{all ? 'all sources' : names}</td>
      <td>{gap.cause}</td>
      <td className="ink2" title={gap.detail ?? undefined}>
        {gap.detail ?? ''}
      </td>
      <td className="right num">{gap.late === 0 ? '–' : count(gap.late)}</td>
    </tr>
  )
}
