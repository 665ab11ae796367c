import { useState } from 'react'
import type { Continuity, Gap } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { formatRoute } from '../../route.ts'
import { useClock } from '../../use-core.ts'
import { count } from '../../words/number.ts'
import { age } from '../../words/time.ts'
import styles from './continuity.module.css'

const pageSize = 50

/** Gaps of all sources, the newest first. Each leads to the instant at which it began. */
export function GapTable({ answer }: { readonly answer: Continuity }) {
  const [shown, setShown] = useState(pageSize)
  const rows = answer.sources
    .flatMap(({ source, gaps }) => gaps.map((gap) => ({ source, gap })))
    .sort((a, b) => b.gap.from - a.gap.from)
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
              <th style={{ width: 132 }}>Began</th>
              <th style={{ width: 104 }}>Lasted</th>
              <th style={{ width: 130 }}>Source</th>
              <th style={{ width: 148 }}>Cause</th>
              <th>In detail</th>
              <th className="right" style={{ width: 110 }}>
                Came late
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map(({ source, gap }) => (
              <Row key={`${source} ${gap.from} ${gap.cause}`} source={source} gap={gap} until={answer.until} />
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

function Row({ source, gap, until }: { readonly source: string; readonly gap: Gap; readonly until: number }) {
  const clock = useClock()
  return (
    <tr>
      <td className="num">
        <a href={formatRoute({ page: 'health', at: gap.from })} title={clock.utc(gap.from)}>
          {clock.day(gap.from)}, {clock.time(gap.from)}
        </a>
      </td>
      <td className="num">
        {age((gap.until ?? until) - gap.from)}
        {gap.until === null && ' so far'}
      </td>
      <td title={source}>{source}</td>
      <td>{gap.cause}</td>
      <td className="ink2" title={gap.detail ?? undefined}>
        {gap.detail ?? ''}
      </td>
      <td className="right num">{gap.late === 0 ? '–' : count(gap.late)}</td>
    </tr>
  )
}
