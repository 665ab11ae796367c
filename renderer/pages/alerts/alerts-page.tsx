import { PageHead } from '../../parts/page-head.tsx'
import type { Route } from '../../route.ts'

export default function AlertsPage({ route }: { readonly route: Extract<Route, { page: 'alerts' }> }) {
  return <PageHead title="Alerts" sentence={route.page} />
}
