import type { Continuity, NotStored, SourceCoverage } from '../../../core/contract/calls.ts'
import { CoverageBar } from '../../chart/coverage-bar.tsx'
import { useClock } from '../../use-core.ts'
import { count, many } from '../../words/number.ts'
import { qosWords, sentWords } from '../../words/sent.ts'
import { age, type Clock } from '../../words/time.ts'
import styles from './continuity.module.css'

/** Each source: when it was heard, and what is known of what it sent. */
export function SourceList({ answer }: { readonly answer: Continuity }) {
  const clock = useClock()
  const { from, until, sources } = answer
  return (
    <section aria-label="Sources">
      <div className={`${styles.ends} label num`}>
        <span>{clock.moment(from)}</span>
        <span>{clock.moment(until)}</span>
      </div>
      {sources.map((source) => (
        <div key={source.source} className={styles.source}>
          <h2 className="cut" title={source.source}>
            {source.source}
          </h2>
          <CoverageBar name={source.source} coverage={source} span={answer} />
          <p className="small ink2 num">{sourceWords(source, answer, clock)}</p>
        </div>
      ))}
    </section>
  )
}

function sourceWords(source: SourceCoverage, { from }: Continuity, clock: Clock): string {
  const { since, gaps, gapMs, dropped, leftOut, refused } = source
  const heard =
    since === null ? 'Not heard' : since > from ? `Heard since ${clock.moment(since)}` : 'Heard all the time'
  const gapped = gaps.length === 0 ? '' : `, but for ${age(gapMs)}`
  return [
    `${heard}${gapped}.`,
    sentWords(source),
    qosWords([source]),
    ...refused.map(({ topics, from, until }) => `${topics} refused by the broker ${spanWords(from, until, clock)}.`),
    dropped.messages === 0 ? '' : `${many(dropped.messages, 'message')} dropped by choice: ${topicsOf(dropped)}.`,
    leftOut.messages === 0 ? '' : `${many(leftOut.messages, 'message')} left out, as you asked: ${topicsOf(leftOut)}.`,
  ]
    .filter((sentence) => sentence !== '')
    .join(' ')
}

function spanWords(from: number, until: number | null, clock: Clock): string {
  return until === null ? `since ${clock.moment(from)}` : `from ${clock.moment(from)} to ${clock.moment(until)}`
}

function topicsOf({ topics }: NotStored): string {
  return topics.map((one) => `${count(one.messages)} of ${one.topics}`).join(', ')
}
