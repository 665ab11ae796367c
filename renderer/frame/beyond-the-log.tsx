import type { ReactNode } from 'react'
import type { At } from '../../core/contract/calls.ts'
import { Button } from '../parts/button.tsx'
import { Empty } from '../parts/empty.tsx'
import { showAt } from '../route.ts'
import { useClock, useStatus } from '../use-core.ts'

const ahead = 5_000 // what is played runs up to now, and now is told once a second

/** Stands in for a page at an instant that the log does not reach back to, or that is still to come. */
export function BeyondTheLog({ at, children }: { readonly at: At; readonly children: ReactNode }) {
  const status = useStatus()
  const clock = useClock()
  const from = status?.log.from ?? null
  if (at === null || status === undefined) return children
  if (at > status.time + ahead)
    return (
      <Empty
        icon="info"
        title="That time has not come yet"
        actions={<Button onClick={() => showAt(null)}>Back to live</Button>}
      >
        You asked for {clock.long(at)}. Here it is {clock.long(status.time)}.
      </Empty>
    )
  if (from === null || at >= from) return children
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
