import { useState } from 'react'
import type { Health } from '../../../core/contract/calls.ts'
import { moveRow, useKeys } from '../../keys.ts'
import { FilterField } from '../../parts/filter-field.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Segmented } from '../../parts/segmented.tsx'
import { go, type Route } from '../../route.ts'
import { useCall } from '../../use-core.ts'
import { count, many } from '../../words/number.ts'
import { NothingYet } from '../health/nothing-yet.tsx'
import { DeviceTable } from './device-table.tsx'
import styles from './devices.module.css'
import { Messages } from './messages.tsx'

type DevicesRoute = Extract<Route, { page: 'devices' }>

/** Every device, and beside them the messages that could not be read and so belong to none. */
export default function DevicesPage({ route }: { readonly route: DevicesRoute }) {
  const { at, show } = route
  const [sort, setSort] = useState<'area' | 'worst'>('area')
  const [filter, setFilter] = useState('')
  const health = useCall('health', { at }).data
  useKeys({ j: () => moveRow(1), k: () => moveRow(-1) })
  if (health?.devices.total === 0 && health.undecodable.total === 0 && health.catchingUp === null)
    return <NothingYet title="Devices" past={at !== null} />
  const words = health === undefined ? '\u00a0' : sentence(health)
  return (
    <>
      <PageHead title="Devices" sentence={words}>
        <div className={styles.tools}>
          {show === 'all' && <FilterField label="Filter devices" value={filter} onChange={setFilter} />}
          {show === 'all' && <Segmented label="Order" value={sort} choices={orders} onChange={setSort} />}
          <Segmented label="Show" value={show} choices={shows} onChange={(next) => go({ ...route, show: next })} />
        </div>
      </PageHead>
      <div className={styles.rest}>
        {show === 'all' ? (
          <DeviceTable at={at} sort={sort} filter={filter} />
        ) : (
          <Messages key={String(at)} device={null} at={at} onlyUnreadable />
        )}
      </div>
    </>
  )
}

function sentence({ devices, undecodable }: Health): string {
  const first = `${many(devices.total, 'device')}, ${count(devices.normal)} normal.`
  if (undecodable.total === 0) return `${first} Every message could be read.`
  return `${first} ${many(undecodable.total, 'message')} could not be read; ${undecodable.total === 1 ? 'it is' : 'they are'} kept.`
}

const orders = [
  { value: 'area', label: 'By area' },
  { value: 'worst', label: 'Worst first' },
] as const

const shows = [
  { value: 'all', label: 'Devices' },
  { value: 'unreadable', label: 'Not readable' },
] as const
