import { useRef } from 'react'
import type { Continuity as Answer, At } from '../../../core/contract/calls.ts'
import { useWidth } from '../../chart/use-width.ts'
import { Hatch } from '../../frame/strip.tsx'
import { shareOf } from '../../frame/time-window.ts'
import { useCall, useClock } from '../../use-core.ts'
import { many } from '../../words/number.ts'
import { age, type Clock } from '../../words/time.ts'
import styles from './health.module.css'

type Source = Answer['sources'][number]
type Gap = Source['gaps'][number]

const days = 7
const named = 3

/** When each source was heard without a break, and the cause of each gap. */
export function Continuity({ at }: { readonly at: At }) {
  const answer = useCall('continuity', { at, from: null, until: null }).data
  const clock = useClock()
  const gaps = (answer?.sources ?? []).flatMap((source) => source.gaps).sort((a, b) => b.from - a.from)
  return (
    <section>
      <div className={styles.sideHead}>
        <h2>Continuity</h2>
        <span className="label">{days} days</span>
      </div>
      {answer?.sources.map((source) => (
        <div key={source.source} className={styles.source}>
          <span className="cut">{source.source}</span>
          <SourceBar source={source} from={answer.from} until={answer.until} />
        </div>
      ))}
      {answer !== undefined && (
        <p className="label num" style={{ marginTop: 6 }}>
          {gapWords(gaps, answer, clock)}
        </p>
      )}
    </section>
  )
}

interface SourceBarProps {
  readonly source: Source
  readonly from: number
  readonly until: number
}

function SourceBar({ source, from, until }: SourceBarProps) {
  const element = useRef<HTMLDivElement>(null)
  const width = useWidth(element)
  const span = { from, until }
  const start = Math.max(0, Math.min(width - 2, shareOf(span, source.since ?? until) * width)) // one that just began shows too
  return (
    <div ref={element}>
      <svg
        width={width}
        height="12"
        role="img"
        aria-label={many(source.gaps.length, 'gap')}
        style={{ display: 'block' }}
      >
        <Hatch />
        <rect x={start} width={Math.max(2, width - start)} height="12" rx="2" fill="var(--band)" />
        {source.gaps.map((gap) => {
          const x = shareOf(span, gap.from) * width
          const wide = Math.max(4, shareOf(span, gap.until ?? until) * width - x)
          return (
            <g key={gap.from}>
              <rect x={x} width={wide} height="12" fill="var(--surface)" />
              <rect x={x} width={wide} height="12" fill="url(#gap)" />
            </g>
          )
        })}
      </svg>
    </div>
  )
}

function gapWords(gaps: readonly Gap[], { sources, from, until }: Answer, clock: Clock): string {
  if (sources.length === 0) return 'No source has been heard yet.'
  const since = Math.min(...sources.map((source) => source.since ?? until))
  if (gaps.length === 0) return since > from ? `No gap since ${clock.moment(since)}.` : `No gap in these ${days} days.`
  const words = gaps.slice(0, named).map((gap) => gapWord(gap, clock))
  const rest = gaps.length > named ? ` ${gaps.length - named} more.` : ''
  return `${gaps.length === 1 ? 'One gap' : `${gaps.length} gaps`}: ${words.join('; ')}.${rest}`
}

function gapWord({ from, until, cause }: Gap, clock: Clock): string {
  const short = until !== null && clock.minute(from) === clock.minute(until)
  const lasted = short ? `, ${age(until - from)}` : `–${until === null ? 'now' : clock.minute(until)}`
  return `${clock.weekday(from)} ${clock.minute(from)}${lasted}, ${cause}`
}
