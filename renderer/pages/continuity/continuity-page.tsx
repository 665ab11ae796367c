import { useState } from 'react'
import type { Continuity } from '../../../core/contract/calls.ts'
import { useKeys } from '../../keys.ts'
import { Empty } from '../../parts/empty.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { Segmented } from '../../parts/segmented.tsx'
import { Side } from '../../parts/side.tsx'
import { Skeleton } from '../../parts/skeleton.tsx'
import { go, type Route } from '../../route.ts'
import { useCall, useClock, useStatus } from '../../use-core.ts'
import { lateWords, sharedGaps, tooLateWords } from '../../words/gap.ts'
import { many } from '../../words/number.ts'
import { age, type Clock } from '../../words/time.ts'
import styles from './continuity.module.css'
import { GapTable } from './gap-table.tsx'
import { Missed } from './missed.tsx'
import { SilentDevices } from './silent-devices.tsx'
import { SourceList } from './source-list.tsx'

const day = 86_400_000
const minute = 60_000
const windows = { '24 h': day, '7 d': 7 * day, '30 d': 30 * day } as const
type Window = keyof typeof windows
const choices = (Object.keys(windows) as Window[]).map((value) => ({ value, label: value }))

/** Every gap with its cause: of the sources, and of devices that were silent while their source was heard. */
export default function ContinuityPage({ route }: { readonly route: Extract<Route, { page: 'continuity' }> }) {
  const { at } = route
  const [shown, setShown] = useState<Window>('7 d')
  const status = useStatus()
  const clock = useClock()
  const back = () => go({ page: 'health', at })
  useKeys({ Escape: back })
  const now = at ?? Math.ceil((status?.time ?? Date.now()) / minute) * minute // a question that stays the same for a minute
  const from = now - windows[shown]
  const { data, error } = useCall('continuity', { at, from, until: null })
  return (
    <>
      <PageHead title="Continuity" sentence={data === undefined ? '\u00a0' : sentence(data, clock)}>
        <Segmented label="Time shown" value={shown} choices={choices} onChange={setShown} />
      </PageHead>
      {data === undefined ? (
        error === null ? (
          <Skeleton />
        ) : (
          <ErrorNote error={error} />
        )
      ) : data.sources.length === 0 ? (
        <Empty icon="device" title="No source has been heard yet">
          Once a broker is connected, every time in which nothing could come is here with its cause.
        </Empty>
      ) : (
        <div className={styles.split}>
          <Scroll label="Sources and gaps" className={styles.main}>
            <SourceList answer={data} />
            <GapTable answer={data} />
          </Scroll>
          <Side label="Silent devices and missing numbers">
            <SilentDevices at={at} from={from} />
            <Missed sources={data.sources} />
          </Side>
        </div>
      )}
    </>
  )
}

function sentence({ sources, from, until, keptSince }: Continuity, clock: Clock): string {
  const gaps = sharedGaps(sources)
  const tooLate = tooLateWords(sources)
  const kept =
    keptSince !== null && keptSince > from ? ` What came before ${clock.moment(keptSince)} is no longer kept.` : ''
  if (gaps.length === 0)
    return `No gap since ${clock.moment(Math.max(from, heardSince(sources, until)))}. ${tooLate}${kept}`.trim()
  const longest = Math.max(...sources.map((source) => source.gapMs))
  return `${many(gaps.length, 'gap')}, at most ${age(longest)} of one source. ${lateWords(gaps)} ${tooLate}${kept}`.trim()
}

function heardSince(sources: Continuity['sources'], until: number): number {
  return Math.min(...sources.map(({ since }) => since ?? until))
}
