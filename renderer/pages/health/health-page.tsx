import { PageHead } from '../../parts/page-head.tsx'
import type { Route } from '../../route.ts'

export default function HealthPage({ route }: { readonly route: Extract<Route, { page: 'health' }> }) {
  return <PageHead title="Health" sentence={route.page} />
}
