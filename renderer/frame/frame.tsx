import { lazy, type ReactNode, Suspense, useEffect } from 'react'
import AlertsPage from '../pages/alerts/alerts-page.tsx'
import ContinuityPage from '../pages/continuity/continuity-page.tsx'
import DevicePage from '../pages/device/device-page.tsx'
import DevicesPage from '../pages/device/devices-page.tsx'
import HealthPage from '../pages/health/health-page.tsx'
import { formatRoute, type Route, useRoute } from '../route.ts'
import { useLink } from '../use-core.ts'
import { Announcer } from './announcer.tsx'
import { Banner } from './banner.tsx'
import { BeyondTheLog } from './beyond-the-log.tsx'
import styles from './frame.module.css'
import { KeyList } from './key-list.tsx'
import { Nav } from './nav.tsx'
import { PageBoundary } from './page-boundary.tsx'
import { StatusBar } from './status-bar.tsx'
import { StoppedBar } from './stopped-bar.tsx'
import { TimeBar } from './time-bar.tsx'

// Not of the first sight: they come right behind it, so that each is there when it is asked for, whatever stops meanwhile.
const later = {
  connect: () => import('../pages/connect/connect-page.tsx'),
  map: () => import('../pages/map/map-page.tsx'),
  settings: () => import('../pages/settings/settings-page.tsx'),
  sync: () => import('../pages/sync/sync-page.tsx'),
}
const ConnectPage = lazy(later.connect)
const MapPage = lazy(later.map)
const SettingsPage = lazy(later.settings)
const SyncPage = lazy(later.sync)

/** What stands around every page: where to go, where in time, and what the recorder does now. */
export function Frame() {
  const route = useRoute()
  const away = useLink().state === 'down'
  useEffect(() => {
    for (const load of Object.values(later)) load().catch(() => {}) // the page that needs it asks again, and says so
  }, [])
  return (
    <div className={route.at === null ? styles.frame : `${styles.frame} ${styles.past}`}>
      <Nav route={route} />
      <main className={styles.main}>
        {away && <StoppedBar />}
        {route.at !== null && <Banner at={route.at} />}
        <div className={away ? `${styles.page} ${styles.old}` : styles.page}>
          <BeyondTheLog at={route.at}>
            <PageBoundary place={formatRoute(route)}>
              <Suspense>{pageOf(route)}</Suspense>
            </PageBoundary>
          </BeyondTheLog>
        </div>
      </main>
      <TimeBar at={route.at} />
      <StatusBar />
      <Announcer />
      <KeyList />
    </div>
  )
}

function pageOf(route: Route): ReactNode {
  switch (route.page) {
    case 'health':
      return <HealthPage route={route} />
    case 'alerts':
      return <AlertsPage route={route} />
    case 'devices':
      return <DevicesPage route={route} />
    case 'device':
      return <DevicePage key={route.id} route={route} />
    case 'continuity':
      return <ContinuityPage route={route} />
    case 'sync':
      return <SyncPage route={route} />
    case 'connect':
      return <ConnectPage route={route} />
    case 'map':
      return <MapPage route={route} />
    case 'settings':
      return <SettingsPage route={route} />
  }
}
