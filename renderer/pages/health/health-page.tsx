import { useState } from 'react'
import type { Health } from '../../../core/contract/calls.ts'
import { ErrorNote } from '../../parts/error-note.tsx'
import { FilterField } from '../../parts/filter-field.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Segmented } from '../../parts/segmented.tsx'
import { Side } from '../../parts/side.tsx'
import type { Route } from '../../route.ts'
import { useCall, useClock, useStatus } from '../../use-core.ts'
import { many } from '../../words/number.ts'
import type { Clock } from '../../words/time.ts'
import { DeviceTable } from '../device/device-table.tsx'
import { AlertLoad } from './alert-load.tsx'
import { Attention } from './attention.tsx'
import { Continuity } from './continuity.tsx'
import { Frequent } from './frequent.tsx'
import styles from './health.module.css'
import { BrokerAway, CatchingUp, DiskHolds, LogTrouble, ReadingAgain } from './notes.tsx'
import { NothingYet } from './nothing-yet.tsx'
import { Recorder } from './recorder.tsx'
import { Unreadable } from './unreadable.tsx'
import { Vitals } from './vitals.tsx'

/** How the whole plant is, in a sentence, in four numbers, and device by device. */
export default function HealthPage({ route }: { readonly route: Extract<Route, { page: 'health' }> }) {
  const { at } = route
  const [sort, setSort] = useState<'area' | 'worst'>('area')
  const [filter, setFilter] = useState('')
  const { data: health, error } = useCall('health', { at })
  const clock = useClock()
  const preparing = useStatus()?.preparing ?? null
  if (health === undefined && error !== null) return <ErrorNote error={error} />
  const waits = (health?.catchingUp ?? null) !== null || preparing !== null
  if (health?.devices.total === 0 && !waits) return <NothingYet title="Health" past={at !== null} />
  return (
    <>
      <PageHead
        title="Health"
        sentence={health === undefined ? '\u00a0' : preparing !== null ? notYet : sentence(health, at !== null, clock)}
      >
        <div className={styles.tools}>
          <FilterField label="Filter devices" value={filter} onChange={setFilter} />
          <Segmented label="Order" value={sort} choices={orders} onChange={setSort} />
        </div>
      </PageHead>
      <Vitals at={at} health={health} />
      <div className={styles.split}>
        <DeviceTable at={at} sort={sort} filter={filter}>
          <CatchingUp health={health} preparing={preparing} />
          <ReadingAgain health={health} />
          {at === null && <DiskHolds />}
          {at === null && <LogTrouble />}
          {at === null && <BrokerAway />}
          {preparing === null && <Attention at={at} />}
        </DeviceTable>
        <Side className={styles.side} label="Load, continuity, frequent alerts and the recorder">
          <AlertLoad at={at} />
          <Continuity at={at} />
          <Frequent at={at} />
          <Recorder at={at} />
          {health !== undefined && <Unreadable at={at} undecodable={health.undecodable} />}
        </Side>
      </div>
    </>
  )
}

const notYet = 'The records of the last days are on their way; what needs attention is not known until then.'

const orders = [
  { value: 'area', label: 'By area' },
  { value: 'worst', label: 'Worst first' },
] as const

function sentence(health: Health, past: boolean, clock: Clock): string {
  const { total, alert, silent } = health.devices
  const n = alert + silent
  const verb = past ? 'needed' : n === 1 ? 'needs' : 'need'
  const devices =
    n === 0
      ? `No device of ${total} ${past ? 'needed' : 'needs'} attention.`
      : `${n} of ${many(total, 'device')} ${verb} attention.`
  return `${devices} ${lost(health, clock)}`
}

function lost(health: Health, clock: Clock): string {
  const since = health.capture.gapFreeSince
  return since === null ? 'It is not known since when nothing was lost.' : `Nothing lost since ${clock.moment(since)}.`
}
