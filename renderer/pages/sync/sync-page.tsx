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
import { Proofs } from './proofs.tsx'
import { RangeDialog } from './range-dialog.tsx'
import { Stands } from './stands.tsx'
import styles from './sync.module.css'
import { Trouble } from './trouble.tsx'

/** Where records go from here: how far behind each destination is, the proof, and what stands in the way. */
export default function SyncPage({ route }: { readonly route: Extract<Route, { page: 'sync' }> }) {
  const destinations = useCall('destinations', {})
  const config = useCall('config', {})
  /** The name of the one that is edited; empty: a new one. Null: none is. */
  const [form, setForm] = useState<string | null>(null)
  const [range, setRange] = useState(false)
  const edited = config.data?.destinations.find(({ name }) => name === form) ?? null
  const rows = destinations.data
  return (
    <div className={styles.page}>
      <PageHead title="Sync" sentence={rows === undefined ? 'Asking where each destination stands.' : sentence(rows)}>
        {rows?.some(({ acked }) => acked > 0) && (
          <Button icon="send" disabled={route.at !== null} onClick={() => setRange(true)}>
            Send a range again…
          </Button>
        )}
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
      {range && rows !== undefined && <RangeDialog rows={rows} onClose={() => setRange(false)} />}
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
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
        <section className={styles.main} aria-label="How sending went" tabIndex={0}>
          <LagChart rows={rows} />
          <Ledger rows={rows} />
        </section>
        <Side label="Where each stands">
          <Stands rows={rows} />
          <Proofs rows={rows} past={past} />
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
  const of = (...states: readonly DestinationRow['state'][]) =>
    rows.filter(({ state }) => states.includes(state)).length
  const parts = [
    [of('live'), 'is up to date', 'are up to date'],
    [of('catching up'), 'catches up', 'catch up'],
    [of('starting'), 'is being connected', 'are being connected'],
    [of('waiting'), 'waits for its broker', 'wait for their brokers'],
    [of('action needed', 'fenced', 'stopped'), 'needs you', 'need you'],
    [of('paused'), 'is paused', 'are paused'],
  ] as const
  const told = parts.filter(([n]) => n > 0).map(([n, one, more]) => `${many(n, 'destination')} ${n === 1 ? one : more}`)
  return `${told.join(', ')}. Every record is kept in the log until it has been sent.`
}
