import { useState } from 'react'
import type { LedgerRow } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { useCall, useClock } from '../../use-core.ts'
import { bytes, count } from '../../words/number.ts'
import styles from './sync.module.css'

const page = 50

/** One line a Kafka transaction, newest first, with the offsets that it holds. */
export function Ledger() {
  const [limit, setLimit] = useState(page)
  const ledger = useCall('ledger', { destination: null, before: null, limit })
  const rows = ledger.data?.rows ?? []
  return (
    <section className={styles.ledger}>
      <div className="row">
        <h2>Ledger</h2>
        <span className="label">each line is one Kafka transaction; its offsets are stored inside it</span>
      </div>
      {rows.length === 0 ? (
        <p className="ink3">Nothing has been sent yet.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Confirmed</th>
              <th>To</th>
              <th style={{ width: '32%' }}>Log offsets</th>
              <th className="right">Records</th>
              <th className="right">Bytes</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Line key={`${row.destination}:${row.from}:${row.confirmed}`} row={row} />
            ))}
          </tbody>
        </table>
      )}
      {ledger.data?.more === true && (
        <Button look="quiet" onClick={() => setLimit(limit + page)}>
          Show older lines
        </Button>
      )}
    </section>
  )
}

function Line({ row }: { readonly row: LedgerRow }) {
  const clock = useClock()
  return (
    <tr>
      <td className="num ink2" title={row.confirmed === null ? undefined : clock.utc(row.confirmed)}>
        {row.confirmed === null ? <span className="p2">under way</span> : clock.time(row.confirmed)}
      </td>
      <td className="cut">{row.destination}</td>
      <td className="mono">
        {count(row.from)}–{count(row.to - 1)}
      </td>
      <td className="right num">{count(row.records)}</td>
      <td className="right num ink2">{bytes(row.bytes)}</td>
    </tr>
  )
}
