import { useState } from 'react'
import type { DestinationRow } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { useClock, useStatus } from '../../use-core.ts'
import { count, many } from '../../words/number.ts'
import { age } from '../../words/time.ts'
import { AsideDialog } from './aside-dialog.tsx'
import { figureOf } from './figure.ts'
import { RemoveDialog } from './remove-dialog.tsx'
import styles from './sync.module.css'
import { useAction } from './use-action.ts'
import { useNow } from './use-now.ts'

interface DestinationCardProps {
  readonly row: DestinationRow
  readonly past: boolean
  readonly onEdit: () => void
}

/** One destination: one big figure, and the facts behind it. */
export function DestinationCard({ row, past, onEdit }: DestinationCardProps) {
  const now = useNow()
  const action = useAction()
  const [aside, setAside] = useState(false)
  const [removing, setRemoving] = useState(false)
  const figure = figureOf(row, now)
  return (
    <section className={styles.card} aria-label={row.name}>
      <div className="row">
        <h2>{row.name}</h2>
        <span className="mono ink3 cut">{row.brokers.join(', ')}</span>
        <span className="push" />
        <Button look="quiet" disabled={past} onClick={onEdit}>
          Edit
        </Button>
        <Button look="quiet" disabled={past} onClick={() => setRemoving(true)}>
          Remove…
        </Button>
        <CardButton row={row} busy={past || action.isPending} run={action.mutate} />
      </div>
      <p className={styles.figure}>
        <strong className={figure.late ? 'p2 num' : 'num'}>{figure.big}</strong> <span>{figure.words}</span>
      </p>
      <dl className={styles.facts}>
        <Fact name="Oldest not sent" late={figure.late}>
          {row.waiting === 0 ? 'none' : age(row.behindMs)}
        </Fact>
        <Fact name="Waiting" late={figure.late}>
          {count(row.waiting)} records
        </Fact>
        <Fact name="Delivery">{row.delivery}</Fact>
        <Checked row={row} />
        {row.throttled > 0.01 && (
          <Fact name="Held by quota" late>
            <span title="The cluster lets this user or client send so much a second, and no more. Who runs it can raise that (producer_byte_rate).">
              {Math.round(60 * row.throttled)} s of the last minute
            </span>
          </Fact>
        )}
        {row.maybeTwice > 0 && <Fact name="Marked maybe twice">{count(row.maybeTwice)}</Fact>}
        {row.unsent > 0 && (
          <Fact name="Gone unsent" late>
            {count(row.unsent)}
          </Fact>
        )}
        {figure.late && <RoomInLog />}
        {row.aside > 0 && (
          <Fact name="Set aside" late>
            <button type="button" className={styles.open} onClick={() => setAside(true)}>
              {count(row.aside)}, show
            </button>
          </Fact>
        )}
      </dl>
      {aside && <AsideDialog destination={row.name} past={past} onClose={() => setAside(false)} />}
      {removing && <RemoveDialog row={row} onClose={() => setRemoving(false)} />}
      {action.error !== null && <ErrorNote error={action.error} />}
    </section>
  )
}

/** As a check has measured it; never assumed. */
function Checked({ row: { checked } }: { readonly row: DestinationRow }) {
  const clock = useClock()
  if (checked === null) return <Fact name="Twice / missing">not checked</Fact>
  const { twice, missing, time, from, to } = checked
  return (
    <Fact name="Twice / missing" late={twice + missing > 0}>
      <span title={`Offsets ${count(from)} to ${count(to - 1)}, compared ${clock.moment(time)}`}>
        {count(twice)} / {count(missing)}
      </span>
    </Fact>
  )
}

function RoomInLog() {
  const days = useStatus()?.recorder?.runwayDays ?? null
  return <Fact name="Room in log">{days === null ? 'not known' : many(Math.floor(days), 'day')}</Fact>
}

interface CardButtonProps {
  readonly row: DestinationRow
  readonly busy: boolean
  readonly run: ReturnType<typeof useAction>['mutate']
}

function CardButton({ row, busy, run }: CardButtonProps) {
  const destination = row.name
  if (row.state === 'paused')
    return (
      <Button disabled={busy} onClick={() => run(['sync.pause', { destination, paused: false }])}>
        Resume
      </Button>
    )
  if (row.state === 'fenced')
    return (
      <Button
        disabled={busy}
        title="Sends from here again. The other one is stopped at its next try to send, and waits for a person there."
        onClick={() => run(['sync.retryNow', { destination }])}
      >
        Take over
      </Button>
    )
  if (row.retryAt !== null || row.state === 'action needed')
    return (
      <Button disabled={busy} onClick={() => run(['sync.retryNow', { destination }])}>
        Try now
      </Button>
    )
  return (
    <Button look="quiet" disabled={busy} onClick={() => run(['sync.pause', { destination, paused: true }])}>
      Pause
    </Button>
  )
}

interface FactProps {
  readonly name: string
  readonly late?: boolean
  readonly children: React.ReactNode
}

function Fact({ name, late = false, children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={late ? 'strong num p2' : 'strong num'}>{children}</dd>
    </div>
  )
}
