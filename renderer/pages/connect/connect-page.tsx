import { PageHead } from '../../parts/page-head.tsx'
import type { Route } from '../../route.ts'

export default function ConnectPage({ route }: { readonly route: Extract<Route, { page: 'connect' }> }) {
  return <PageHead title="Connect" sentence={route.page} />
}
