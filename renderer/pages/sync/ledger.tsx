import { useState } from 'react'
import type { DestinationRow, LedgerRow } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { useCall, useClock } from '../../use-core.ts'
import { bytes, count } from '../../words/number.ts'
import { countdown } from '../../words/time.ts'
import styles from './sync.module.css'
import { useNow } from './use-now.ts'

const page = 100

/** One line a Kafka transaction, newest first, with the offsets that it holds. */
export function Ledger({ rows: destinations }: { readonly rows: readonly DestinationRow[] }) {
  const [chosen, choose] = useState<string | null>(null)
  /** Where each older page begins, as far as somebody went back; empty: the newest is shown. */
  const [back, setBack] = useState<readonly number[]>([])
  const destination = destinations.find(({ name }) => name === chosen)?.name ?? null // it may be removed meanwhile
  const ledger = useCall('ledger', { destination, before: back.at(-1) ?? null, limit: page })
  const rows = ledger.data?.rows ?? []
  const show = (name: string) => {
    choose(name === '' ? null : name)
    setBack([])
  }
  return (
    <section className={styles.ledger} aria-label="Ledger">
      <div className="row">
        <h2>Ledger</h2>
        <span className="label">each line is one Kafka transaction; its offsets are stored inside it</span>
        <span className="push" />
        {destinations.length > 1 && (
          <select
            className={styles.filter}
            aria-label="Lines of"
            value={destination ?? ''}
            onChange={(event) => show(event.target.value)}
          >
            <option value="">all destinations</option>
            {destinations.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
      </div>
      {ledger.data !== undefined && rows.length === 0 && <p className="ink3">Nothing has been sent yet.</p>}
      {rows.length > 0 && <Lines rows={rows} destinations={destinations} />}
      <Pages
        busy={ledger.isPlaceholderData}
        newer={back.length === 0 ? null : () => setBack(back.slice(0, -1))}
        older={ledger.data?.more === true ? () => setBack([...back, rows.at(-1)!.id]) : null}
      />
    </section>
  )
}

interface LinesProps {
  readonly rows: readonly LedgerRow[]
  readonly destinations: readonly DestinationRow[]
}

function Lines({ rows, destinations }: LinesProps) {
  return (
    <table>
      <thead>
        <tr>
          <th style={{ width: '19%' }}>Confirmed</th>
          <th>To</th>
          <th style={{ width: '27%' }}>Log offsets</th>
          <th className="right">Records</th>
          <th className="right">Bytes</th>
          <th style={{ width: '20%' }}>State</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Line key={row.id} row={row} to={destinations.find(({ name }) => name === row.destination)} />
        ))}
      </tbody>
    </table>
  )
}

interface PagesProps {
  readonly busy: boolean
  /** Null: there are none. */
  readonly newer: (() => void) | null
  readonly older: (() => void) | null
}

function Pages({ busy, newer, older }: PagesProps) {
  if (newer === null && older === null) return null
  return (
    <div className="row">
      <Button look="quiet" disabled={busy || newer === null} onClick={() => newer?.()}>
        Newer lines
      </Button>
      <Button look="quiet" disabled={busy || older === null} onClick={() => older?.()}>
        Older lines
      </Button>
    </div>
  )
}

function Line({ row, to }: { readonly row: LedgerRow; readonly to: DestinationRow | undefined }) {
  const clock = useClock()
  return (
    <tr>
      <td className="cut num ink2" title={row.confirmed === null ? undefined : clock.utc(row.confirmed)}>
        {row.confirmed === null ? '–' : `${clock.day(row.confirmed)}, ${clock.time(row.confirmed)}`}
      </td>
      <td className="cut">{row.destination}</td>
      <td className="mono cut">
        {count(row.from)}–{count(row.to - 1)}
      </td>
      <td className="right num">{count(row.records)}</td>
      <td className="right num ink2">{bytes(row.bytes)}</td>
      <td className="cut num">
        <State row={row} to={to} />
      </td>
    </tr>
  )
}

function State({ row, to }: { readonly row: LedgerRow; readonly to: DestinationRow | undefined }) {
  const now = useNow()
  if (row.gone) return <span className="p2 medium">given up, not sent</span>
  if (row.again !== null)
    return (
      <span title={`edge-resend: ${row.again}`} className="ink2">
        {row.confirmed === null ? 'being sent again' : 'sent again'}
      </span>
    )
  if (row.confirmed !== null) return <span className="ink2">confirmed</span>
  if (to === undefined || to.state === 'live' || to.state === 'catching up') return <>under way</>
  if (to.state === 'paused') return <span className="ink2">paused</span>
  const until = to.retryAt === null ? '' : `, try ${to.attempt + 1} in ${countdown(to.retryAt - now)}`
  return <span className="p2 medium">waits{until}</span>
}
