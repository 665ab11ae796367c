import { PageHead } from '../../parts/page-head.tsx'
import type { Route } from '../../route.ts'

export default function DevicePage({ route }: { readonly route: Extract<Route, { page: 'device' }> }) {
  return <PageHead title="Device" sentence={route.page} />
}
