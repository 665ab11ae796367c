import type { ReactNode } from 'react'
import { useKeys } from '../keys.ts'
import { Icon, type IconName } from '../parts/icon.tsx'
import { formatRoute, go, type Page, type Route } from '../route.ts'
import { useCall, useStatus } from '../use-core.ts'
import { count } from '../words/number.ts'
import { isHeld } from '../words/sync-state.ts'
import styles from './frame.module.css'
import { Palette } from './palette.tsx'

/** Where to go. The numbers are those of the instant shown. */
export function Nav({ route }: { readonly route: Route }) {
  const at = route.at
  const health = useCall('health', { at }).data
  const waiting = useStatus()?.destinations.filter((destination) => isHeld(destination.state)).length
  useKeys({
    'g h': () => go({ page: 'health', at }),
    'g a': () => go({ page: 'alerts', id: null, show: 'open', at }),
    'g d': () => go({ page: 'devices', show: 'all', at }),
    'g s': () => go({ page: 'sync', at }),
    'g c': () => go({ page: 'connect', at }),
  })
  const here = parentOf(route.page)
  return (
    <nav className={styles.nav} aria-label="Main">
      <div className={styles.brand}>
        <Mark />
        <span>Fieldwatch</span>
      </div>
      <Palette at={at} />
      <Place to={{ page: 'health', at }} here={here} icon="grid" name="Health" />
      <Place to={{ page: 'alerts', id: null, show: 'open', at }} here={here} icon="bell" name="Alerts">
        {health !== undefined && health.alerts.unacknowledged > 0 && (
          <span className="tag p1">{count(health.alerts.unacknowledged)}</span>
        )}
      </Place>
      <Place to={{ page: 'devices', show: 'all', at }} here={here} icon="device" name="Devices">
        {health !== undefined && count(health.devices.total)}
      </Place>
      <Place to={{ page: 'sync', at }} here={here} icon="upload" name="Sync">
        {waiting !== undefined && waiting > 0 && <span className="tag p2">{waiting}</span>}
      </Place>
      <div className={styles.foot}>
        <Place to={{ page: 'connect', at }} here={here} icon="plug" name="Connect" />
        <Place to={{ page: 'settings', section: 'rules', id: null, at }} here={here} icon="settings" name="Settings" />
      </div>
    </nav>
  )
}

/** The place in the list under which a page lies. */
function parentOf(page: Page): Page {
  if (page === 'device') return 'devices'
  if (page === 'continuity') return 'health'
  return page === 'map' ? 'connect' : page
}

interface PlaceProps {
  readonly to: Route
  readonly here: Page
  readonly icon: IconName
  readonly name: string
  readonly children?: ReactNode
}

function Place({ to, here, icon, name, children }: PlaceProps) {
  return (
    <a
      className={styles.place}
      href={formatRoute(to)}
      aria-current={to.page === here ? 'page' : undefined}
      title={name}
    >
      <Icon name={icon} />
      <span>{name}</span>
      {children !== undefined && <span className={styles.number}>{children}</span>}
    </a>
  )
}

function Mark() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <rect x="1" y="1" width="18" height="18" rx="5" fill="var(--ink)" />
      <path
        d="M4 11.5h3l2-5 2.6 8 1.7-3H16"
        fill="none"
        stroke="var(--on-ink)"
        strokeWidth="1.7"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
