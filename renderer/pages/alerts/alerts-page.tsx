import { useRef, useState } from 'react'
import type { AlertRow } from '../../../core/contract/calls.ts'
import { useKeys } from '../../keys.ts'
import { Empty } from '../../parts/empty.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { Skeleton } from '../../parts/skeleton.tsx'
import { go, type Route } from '../../route.ts'
import { person, useCall, useClock, useCommand } from '../../use-core.ts'
import { AlertDetail } from './alert-detail.tsx'
import { AlertList } from './alert-list.tsx'
import styles from './alerts.module.css'
import { listed } from './groups.ts'

type AlertsRoute = Extract<Route, { page: 'alerts' }>

const pageSize = 200

/** What needs a person, and why: the list at the left, one alert with its reasons at the right. */
export default function AlertsPage({ route }: { readonly route: AlertsRoute }) {
  const [limit, setLimit] = useState(pageSize)
  const alerts = useCall('alerts', { at: route.at, show: route.show, device: null, limit })
  const flood = useCall('alertLoad', { at: route.at }).data?.flood ?? null
  const rows = listed(alerts.data?.rows ?? [], route.show)
  const shown = useShown(route.id, rows)
  const chosen = useChoice(route, rows, shown)
  return (
    <div className={styles.page}>
      <AlertList
        route={route}
        rows={rows}
        total={alerts.data?.total ?? 0}
        shown={shown}
        chosen={chosen}
        flood={route.show === 'open' ? flood : null}
        onMore={() => setLimit(limit + pageSize)}
      />
      <div className={styles.detail}>
        {shown === null && <h1 className="unseen">Alerts</h1>}
        {alerts.error !== null && <ErrorNote error={alerts.error} />}
        {alerts.data === undefined && alerts.error === null && <Skeleton />}
        {alerts.data !== undefined && shown === null && <Nothing route={route} lastClosed={alerts.data.lastClosed} />}
        {shown !== null && <AlertDetail key={shown} id={shown} at={route.at} />}
      </div>
    </div>
  )
}

/** The alert asked for, else the first; that one stays when others come before it or it moves to another group. */
function useShown(asked: string | null, rows: readonly AlertRow[]): string | null {
  const held = useRef<string | null>(null)
  const there = rows.some((row) => row.alert.id === held.current)
  held.current = asked ?? (there ? held.current : (rows[0]?.alert.id ?? null))
  return held.current
}

function Nothing({ route, lastClosed }: { readonly route: AlertsRoute; readonly lastClosed: number | null }) {
  if (route.show === 'history')
    return (
      <Empty icon="bell" title="No alerts yet">
        Every alert is kept here with its reasons once it has been opened.
      </Empty>
    )
  return (
    <Empty icon="bell" title={route.at === null ? 'No open alerts' : 'No open alerts then'}>
      <LastClosed at={lastClosed} />
    </Empty>
  )
}

function LastClosed({ at }: { readonly at: number | null }) {
  const clock = useClock()
  return at === null ? 'None has been open before.' : `Last one closed ${clock.moment(at)}.`
}

/** The rows chosen for a command: by `X`, and from there by Shift with J and K. */
function useChoice(route: AlertsRoute, rows: readonly AlertRow[], shown: string | null): ReadonlySet<string> {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const command = useCommand()
  const index = rows.findIndex((row) => row.alert.id === shown)
  const open = (step: number) => {
    const next = rows[Math.min(rows.length - 1, Math.max(0, index + step))]
    if (next !== undefined) go({ ...route, id: next.alert.id })
  }
  const clear = () => setChosen(new Set())
  const ids = () => (chosen.size > 0 ? [...chosen] : shown === null ? [] : [shown])
  useKeys({
    j: () => open(1),
    k: () => open(-1),
    x: () => shown !== null && setChosen(toggled(chosen, shown)),
    a: () => {
      if (route.at !== null || ids().length === 0) return
      command.send('ack', { ids: ids(), note: null, by: person })
      clear()
    },
    Escape: clear,
  })
  return chosen
}

function toggled(set: ReadonlySet<string>, item: string): ReadonlySet<string> {
  const next = new Set(set)
  if (!next.delete(item)) next.add(item)
  return next
}
