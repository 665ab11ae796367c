import { useState } from 'react'
import type { DestinationRow } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Side } from '../../parts/side.tsx'
import { Skeleton } from '../../parts/skeleton.tsx'
import type { Route } from '../../route.ts'
import { useCall } from '../../use-core.ts'
import { many } from '../../words/number.ts'
import { DestinationCard } from './destination-card.tsx'
import { DestinationForm } from './destination-form.tsx'
import { Held } from './held.tsx'
import { LagChart } from './lag-chart.tsx'
import { Ledger } from './ledger.tsx'
import { Outages } from './outages.tsx'
import { Stands } from './stands.tsx'
import styles from './sync.module.css'
import { Trouble } from './trouble.tsx'

/** Where records go from here: how far behind each destination is, the proof, and what stands in the way. */
export default function SyncPage({ route }: { readonly route: Extract<Route, { page: 'sync' }> }) {
  const destinations = useCall('destinations', {})
  const config = useCall('config', {})
  /** The name of the one that is edited; empty: a new one. Null: none is. */
  const [form, setForm] = useState<string | null>(null)
  const edited = config.data?.destinations.find(({ name }) => name === form) ?? null
  const rows = destinations.data
  return (
    <div className={styles.page}>
      <PageHead title="Sync" sentence={rows === undefined ? 'Asking where each destination stands.' : sentence(rows)}>
        <Button icon="plus" disabled={route.at !== null} onClick={() => setForm('')}>
          Add destination
        </Button>
      </PageHead>
      {destinations.error !== null && <ErrorNote error={destinations.error} />}
      {rows === undefined && destinations.error === null && <Skeleton />}
      {rows !== undefined &&
        (rows.length === 0 ? (
          <None past={route.at !== null} onAdd={() => setForm('')} />
        ) : (
          <Destinations rows={rows} past={route.at !== null} onEdit={setForm} />
        ))}
      {form !== null && (form === '' || edited !== null) && (
        <DestinationForm edited={edited} onClose={() => setForm(null)} />
      )}
    </div>
  )
}

interface DestinationsProps {
  readonly rows: readonly DestinationRow[]
  readonly past: boolean
  readonly onEdit: (name: string) => void
}

function Destinations({ rows, past, onEdit }: DestinationsProps) {
  return (
    <>
      <div className={styles.cards}>
        {rows.map((row) => (
          <DestinationCard key={row.name} row={row} past={past} onEdit={() => onEdit(row.name)} />
        ))}
      </div>
      <Held past={past} />
      {rows.map((row) => row.error !== null && <Trouble key={row.name} row={row} past={past} />)}
      <div className={styles.split}>
        <div className={styles.main}>
          <LagChart />
          <Ledger />
        </div>
        <Side label="Where each stands">
          <Stands rows={rows} />
          <Outages />
        </Side>
      </div>
    </>
  )
}

function None({ past, onAdd }: { readonly past: boolean; readonly onAdd: () => void }) {
  return (
    <Empty
      icon="upload"
      title="Records stay here"
      actions={
        <Button look="primary" disabled={past} onClick={onAdd}>
          Add destination
        </Button>
      }
    >
      Add a Kafka to send them on. Every record already in the log goes first, in order, each exactly once.
    </Empty>
  )
}

function sentence(rows: readonly DestinationRow[]): string {
  if (rows.length === 0) return 'No destination yet.'
  const late = rows.filter((row) => row.state === 'waiting' || row.state === 'action needed' || row.state === 'fenced')
  const paused = rows.filter((row) => row.state === 'paused')
  const moving = rows.length - late.length - paused.length
  const parts = [
    moving > 0 && `${many(moving, 'destination is', 'destinations are')} being sent to`,
    late.length > 0 && `${many(late.length, 'destination waits', 'destinations wait')}`,
    paused.length > 0 && `${many(paused.length, 'destination is', 'destinations are')} paused`,
  ].filter((part) => part !== false)
  return `${parts.join(', ')}. Every record is kept in the log until it has been sent.`
}
