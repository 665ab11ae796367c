import { PageHead } from '../../parts/page-head.tsx'
import type { Route } from '../../route.ts'

export default function SyncPage({ route }: { readonly route: Extract<Route, { page: 'sync' }> }) {
  return <PageHead title="Sync" sentence={route.page} />
}
