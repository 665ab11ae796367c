import { useState } from 'react'
import type { At, DeviceCoverage } from '../../../core/contract/calls.ts'
import { CoverageBar } from '../../chart/coverage-bar.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { type SpanChoice, SpanPicker, spanOf } from '../../parts/span-picker.tsx'
import { useCall, useClock, useStatus } from '../../use-core.ts'
import { gapWords, lateWords } from '../../words/gap.ts'
import { count } from '../../words/number.ts'
import { missedWords, qosWords, sentWords } from '../../words/sent.ts'

const minute = 60_000
const most = 12

/** When this device was heard, in the last days or any span: its own silences, and the times in which its source was away. */
export function DeviceContinuity({ id, at }: { readonly id: string; readonly at: At }) {
  const [shown, setShown] = useState<SpanChoice>('7 d')
  const status = useStatus()
  const now = at ?? Math.ceil((status?.time ?? Date.now()) / minute) * minute // a question that stays the same for a minute
  const { data, error } = useCall('continuity.device', { id, at, ...spanOf(shown, now) })
  return (
    <section style={{ marginTop: 18 }}>
      <div className="row">
        <h2 className="push">Continuity</h2>
        <SpanPicker value={shown} now={now} onChange={setShown} />
      </div>
      {data !== undefined ? <Covered data={data} /> : error !== null && <ErrorNote error={error} />}
    </section>
  )
}

function Covered({ data }: { readonly data: DeviceCoverage }) {
  const clock = useClock()
  const gaps = data.gaps.toReversed()
  const sent = [sentWords(data), qosWords([data]), missedWords([data.missed], ' of its edge node')].filter(
    (sentence) => sentence !== '',
  )
  return (
    <>
      <p className="label">
        {clock.moment(data.from)} to {clock.moment(data.until)}, by {data.sources.join(', ')}
      </p>
      <div style={{ padding: '4px 0 6px' }}>
        <CoverageBar name="This device" coverage={data} span={data} />
      </div>
      {gaps.length === 0 ? (
        <p className="small ink2">
          No gap{data.since === null ? '' : ` since ${clock.moment(Math.max(data.from, data.since))}`}.
        </p>
      ) : (
        <ul className="small ink2 num">
          {gaps.slice(0, most).map((gap) => (
            <li key={`${gap.from} ${gap.cause}`}>
              {gapWords(gap, clock)}. {lateWords([gap])}
            </li>
          ))}
        </ul>
      )}
      {(gaps.length > most || data.more) && (
        <p className="label">{data.more ? 'Many' : count(gaps.length - most)} more before these.</p>
      )}
      <p className="small ink2 num">{sent.join(' ')}</p>
    </>
  )
}
