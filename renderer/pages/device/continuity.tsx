import type { At } from '../../../core/contract/calls.ts'
import { CoverageBar } from '../../chart/coverage-bar.tsx'
import { useCall, useClock } from '../../use-core.ts'
import { gapWords, lateWords } from '../../words/gap.ts'
import { count } from '../../words/number.ts'

const shown = 12

/** When this device was heard in the last days: its own silences, and the times in which its source was away. */
export function DeviceContinuity({ id, at }: { readonly id: string; readonly at: At }) {
  const { data } = useCall('continuity.device', { id, at, from: null, until: null })
  const clock = useClock()
  if (data === undefined) return null
  const gaps = data.gaps.toReversed()
  return (
    <section style={{ marginTop: 18 }}>
      <div className="row">
        <h2 className="push">Continuity</h2>
        <span className="label">7 days, by {data.sources.join(', ')}</span>
      </div>
      <div style={{ padding: '4px 0 6px' }}>
        <CoverageBar name="This device" coverage={data} span={data} />
      </div>
      {gaps.length === 0 ? (
        <p className="small ink2">
          No gap{data.since === null ? '' : ` since ${clock.moment(Math.max(data.from, data.since))}`}.
        </p>
      ) : (
        <ul className="small ink2 num">
          {gaps.slice(0, shown).map((gap) => (
            <li key={`${gap.from} ${gap.cause}`}>
              {gapWords(gap, clock)}. {lateWords([gap])}
            </li>
          ))}
        </ul>
      )}
      {(gaps.length > shown || data.more) && (
        <p className="label">{data.more ? 'Many' : count(gaps.length - shown)} more before these.</p>
      )}
    </section>
  )
}
