import { useState } from 'react'
import type { DestinationRow, LedgerRow } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { useCall, useClock } from '../../use-core.ts'
import { bytes, count } from '../../words/number.ts'
import { countdown } from '../../words/time.ts'
import styles from './sync.module.css'
import { useNow } from './use-now.ts'

const page = 50

/** One line a Kafka transaction, newest first, with the offsets that it holds. */
export function Ledger({ rows: destinations }: { readonly rows: readonly DestinationRow[] }) {
  const [limit, setLimit] = useState(page)
  const ledger = useCall('ledger', { destination: null, before: null, limit })
  const rows = ledger.data?.rows ?? []
  return (
    <section className={styles.ledger}>
      <div className="row">
        <h2>Ledger</h2>
        <span className="label">each line is one Kafka transaction; its offsets are stored inside it</span>
      </div>
      {ledger.data !== undefined && rows.length === 0 && <p className="ink3">Nothing has been sent yet.</p>}
      {rows.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>Confirmed</th>
              <th>To</th>
              <th style={{ width: '30%' }}>Log offsets</th>
              <th className="right">Records</th>
              <th className="right">Bytes</th>
              <th style={{ width: '22%' }}>State</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Line key={row.id} row={row} to={destinations.find(({ name }) => name === row.destination)} />
            ))}
          </tbody>
        </table>
      )}
      {ledger.data?.more === true && limit < most && (
        <Button look="quiet" onClick={() => setLimit(Math.min(most, limit + page))}>
          Show older lines
        </Button>
      )}
    </section>
  )
}

/** Of what one question may bring. */
const most = 1_000

function Line({ row, to }: { readonly row: LedgerRow; readonly to: DestinationRow | undefined }) {
  const clock = useClock()
  return (
    <tr>
      <td className="num ink2" title={row.confirmed === null ? undefined : clock.utc(row.confirmed)}>
        {row.confirmed === null ? '–' : clock.time(row.confirmed)}
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
