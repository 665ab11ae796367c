import { useState } from 'react'
import type { Continuity } from '../../../core/contract/calls.ts'
import { useKeys } from '../../keys.ts'
import { Empty } from '../../parts/empty.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { Side } from '../../parts/side.tsx'
import { Skeleton } from '../../parts/skeleton.tsx'
import { type SpanChoice, SpanPicker, spanOf } from '../../parts/span-picker.tsx'
import { go, type Route } from '../../route.ts'
import { useCall, useClock, useStatus } from '../../use-core.ts'
import { lateWords, sharedGaps, tooLateWords } from '../../words/gap.ts'
import { many } from '../../words/number.ts'
import { age, type Clock } from '../../words/time.ts'
import styles from './continuity.module.css'
import { GapTable } from './gap-table.tsx'
import { GivenUp } from './given-up.tsx'
import { Missed } from './missed.tsx'
import { SilentDevices } from './silent-devices.tsx'
import { SourceList } from './source-list.tsx'

const minute = 60_000
const unsaid = '\u00a0' // keeps its line

/** Every gap with its cause: of the sources, and of devices that were silent while their source was heard. */
export default function ContinuityPage({ route }: { readonly route: Extract<Route, { page: 'continuity' }> }) {
  const { at } = route
  const [shown, setShown] = useState<SpanChoice>('7 d')
  const status = useStatus()
  const clock = useClock()
  const back = () => go({ page: 'health', at })
  useKeys({ Escape: back })
  const now = at ?? Math.ceil((status?.time ?? Date.now()) / minute) * minute // a question that stays the same for a minute
  const span = spanOf(shown, now)
  const { data, error } = useCall('continuity', { at, ...span })
  return (
    <>
      <PageHead title="Continuity" sentence={data === undefined ? unsaid : sentence(data, clock)}>
        <SpanPicker value={shown} now={now} onChange={setShown} />
      </PageHead>
      {data === undefined ? (
        error === null ? (
          <Skeleton />
        ) : (
          <ErrorNote error={error} />
        )
      ) : data.sources.length === 0 ? (
        <Empty icon="device" title="No source was heard in this time">
          Once a broker is connected, every time in which nothing could come is here with its cause.
        </Empty>
      ) : (
        <div className={styles.split}>
          <Scroll label="Sources and gaps" className={styles.main}>
            <SourceList answer={data} />
            <GapTable answer={data} />
          </Scroll>
          <Side label="Silent devices, and what is missing">
            <SilentDevices at={at} span={span} />
            <Missed sources={data.sources} />
            <GivenUp records={data.givenUp} />
          </Side>
        </div>
      )}
    </>
  )
}

function sentence({ sources, from, until, keptSince }: Continuity, clock: Clock): string {
  if (sources.length === 0) return unsaid
  const gaps = sharedGaps(sources)
  const tooLate = tooLateWords(sources)
  const kept =
    keptSince !== null && keptSince > from ? ` What came before ${clock.moment(keptSince)} is no longer kept.` : ''
  const heard = clock.moment(Math.max(from, heardSince(sources, until)))
  if (gaps.length === 0) return `No gap from ${heard} to ${clock.moment(until)}. ${tooLate}${kept}`.trim()
  const longest = Math.max(...sources.map((source) => source.gapMs))
  return `${many(gaps.length, 'gap')}, at most ${age(longest)} of one source. ${lateWords(gaps)} ${tooLate}${kept}`.trim()
}

function heardSince(sources: Continuity['sources'], until: number): number {
  return Math.min(...sources.map(({ since }) => since ?? until))
}
