import { PageHead } from '../../parts/page-head.tsx'
import type { Route } from '../../route.ts'

export default function DevicesPage({ route }: { readonly route: Extract<Route, { page: 'devices' }> }) {
  return <PageHead title="Devices" sentence={route.page} />
}
