import { type ReactNode, useState } from 'react'
import type { DeviceDetail } from '../../../core/contract/calls.ts'
import type { Millis } from '../../../core/contract/model.ts'
import { useKeys } from '../../keys.ts'
import { NotThere } from '../../parts/not-there.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Segmented } from '../../parts/segmented.tsx'
import { Skeleton } from '../../parts/skeleton.tsx'
import { type DeviceTab, deviceTabs, formatRoute, go, type Route } from '../../route.ts'
import { useCall, useStatus } from '../../use-core.ts'
import { count, many } from '../../words/number.ts'
import { age, pace } from '../../words/time.ts'
import { AlertsTab } from './alerts-tab.tsx'
import { DetailsTab } from './details-tab.tsx'
import styles from './device.module.css'
import { DeviceTag } from './device-tag.tsx'
import { Messages } from './messages.tsx'
import { NotesTab } from './notes-tab.tsx'
import { SignalsTab } from './signals-tab.tsx'
import { UpkeepMenu, UpkeepTag } from './upkeep.tsx'

type DeviceRoute = Extract<Route, { page: 'device' }>

const hour = 3_600_000
const windows = { '15 min': hour / 4, '2 h': 2 * hour, '24 h': 24 * hour, '7 d': 168 * hour } as const
type Window = keyof typeof windows
const windowChoices = (Object.keys(windows) as Window[]).map((value) => ({ value, label: value }))

/** One device: its signals over one time axis, its messages as they came, its alerts, notes and facts. */
export default function DevicePage({ route }: { readonly route: DeviceRoute }) {
  const { id, tab, at } = route
  const [shown, setShown] = useState<Window>('2 h')
  const { data: device, error } = useCall('device', { id, at })
  const now = useStatus()?.time ?? Date.now()
  const devices = { page: 'devices', show: 'all', at } as const
  const back = () => go(devices)
  useKeys({ Escape: back })
  if (error !== null && device === undefined)
    return <NotThere what="device" error={error} list={{ href: formatRoute(devices), name: 'All devices' }} />
  if (device === undefined) return <Skeleton rows={10} />
  return (
    <>
      <PageHead
        title={device.row.label}
        beside={
          <>
            <DeviceTag row={device.row} />
            <UpkeepTag upkeep={device.upkeep} />
          </>
        }
        sentence={sentence(device, at ?? now)}
      >
        <UpkeepMenu device={device} at={at} />
        {tab === 'signals' && (
          <Segmented label="Time shown" value={shown} choices={windowChoices} onChange={setShown} />
        )}
      </PageHead>
      <Tabs route={route} device={device} />
      {tabOf(route, device, windows[shown])}
    </>
  )
}

function tabOf({ id, tab, at }: DeviceRoute, device: DeviceDetail, window: Millis): ReactNode {
  switch (tab) {
    case 'signals':
      return <SignalsTab device={device} at={at} window={window} />
    case 'messages':
      return <Messages key={String(at)} device={id} at={at} />
    case 'alerts':
      return <AlertsTab device={id} at={at} />
    case 'notes':
      return <NotesTab device={device} at={at} />
    case 'details':
      return <DetailsTab device={device} at={at} />
  }
}

function Tabs({ route, device }: { readonly route: DeviceRoute; readonly device: DeviceDetail }) {
  return (
    <nav className={styles.tabs} aria-label="Of this device">
      {deviceTabs.map((tab) => (
        <a key={tab} href={formatRoute({ ...route, tab })} aria-current={tab === route.tab ? 'page' : undefined}>
          {tabName(tab, device)}
        </a>
      ))}
    </nav>
  )
}

function tabName(tab: DeviceTab, device: DeviceDetail): string {
  const name = tab[0]!.toUpperCase() + tab.slice(1)
  const n = tab === 'alerts' ? device.openAlerts : tab === 'notes' ? device.notes.length : 0
  return n === 0 ? name : `${name} ${count(n)}`
}

function sentence({ row, messagesToday }: DeviceDetail, now: Millis): string {
  const heard = row.heard === null ? 'Never heard' : `Heard ${age(now - row.heard)} ago`
  const usual = row.everyMs === null ? '' : `, usually every ${pace(row.everyMs)}`
  const area = row.area === '' ? '' : `${row.area}. `
  return `${area}${heard}${usual}. ${many(row.signals, 'signal')}, ${many(messagesToday, 'message')} today.`
}
