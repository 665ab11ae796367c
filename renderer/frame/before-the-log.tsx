import type { ReactNode } from 'react'
import type { At } from '../../core/contract/calls.ts'
import { Button } from '../parts/button.tsx'
import { Empty } from '../parts/empty.tsx'
import { showAt } from '../route.ts'
import { useClock, useStatus } from '../use-core.ts'

/** Stands in for a page at an instant that the log does not reach back to. */
export function BeforeTheLog({ at, children }: { readonly at: At; readonly children: ReactNode }) {
  const from = useStatus()?.log.from ?? null
  const clock = useClock()
  if (at === null || from === null || at >= from) return children
  return (
    <Empty
      icon="info"
      title={`The log begins at ${clock.moment(from)}`}
      actions={<Button onClick={() => showAt(Math.ceil(from / 1_000) * 1_000)}>Go to {clock.moment(from)}</Button>}
    >
      You asked for {clock.long(at)}. Nothing from then is kept here.
    </Empty>
  )
}
