import type { Continuity as Answer, At } from '../../../core/contract/calls.ts'
import { CoverageBar } from '../../chart/coverage-bar.tsx'
import { formatRoute } from '../../route.ts'
import { useCall, useClock } from '../../use-core.ts'
import { gapWords, lateWords, sharedGaps, tooLateWords } from '../../words/gap.ts'
import { count, many } from '../../words/number.ts'
import { missedWords, qosWords } from '../../words/sent.ts'
import type { Clock } from '../../words/time.ts'
import styles from './health.module.css'

const named = 3
const sourcesShown = 8

/** When each source was heard without a break, and the cause of each gap. Opens the list of all of them. */
export function Continuity({ at }: { readonly at: At }) {
  const answer = useCall('continuity', { at, from: null, until: null }).data
  const clock = useClock()
  const sources = answer?.sources ?? []
  return (
    <section className={styles.opens}>
      <div className={styles.sideHead}>
        <h2>
          <a href={formatRoute({ page: 'continuity', at })}>Continuity</a>
        </h2>
        <span className="label">7 days</span>
      </div>
      {answer !== undefined &&
        sources.slice(0, sourcesShown).map((source) => (
          <div key={source.source} className={styles.source}>
            <span className="cut" title={source.source}>
              {source.source}
            </span>
            <CoverageBar name={source.source} coverage={source} span={answer} />
          </div>
        ))}
      {answer !== undefined && (
        <p className="label num" style={{ marginTop: 6 }}>
          {continuityWords(answer, clock)}
        </p>
      )}
    </section>
  )
}

/** What a person must know of it, in sentences. */
function continuityWords(answer: Answer, clock: Clock): string {
  if (answer.sources.length === 0) return 'No source has been heard yet.'
  const rest = answer.sources.length - sourcesShown
  return [
    rest > 0 ? `${many(rest, 'more source')}.` : '',
    gapsInWords(answer, clock),
    qosWords(answer.sources),
    missedWords(answer.sources.map((source) => source.missed)),
    tooLateWords(answer.sources),
  ]
    .filter((sentence) => sentence !== '')
    .join(' ')
}

function gapsInWords({ sources, from, until }: Answer, clock: Clock): string {
  const gaps = sharedGaps(sources)
  const since = Math.min(...sources.map((source) => source.since ?? until))
  if (gaps.length === 0) return since > from ? `No gap since ${clock.moment(since)}.` : 'No gap in these 7 days.'
  const words = gaps.slice(0, named).map((gap) => gapWords(gap, clock))
  const more = gaps.length > named ? ` ${count(gaps.length - named)} more.` : ''
  return `${gaps.length === 1 ? 'One gap' : many(gaps.length, 'gap')}: ${words.join('; ')}.${more} ${lateWords(gaps)}`.trim()
}
