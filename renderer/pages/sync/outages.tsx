import { useCall, useClock } from '../../use-core.ts'
import { age } from '../../words/time.ts'
import { useNow } from './use-now.ts'

/** When sending stopped, for how long and why. Nothing is missing after any of them: the log kept it. */
export function Outages() {
  const outages = useCall('outages', {})
  const clock = useClock()
  const now = useNow()
  const rows = outages.data ?? []
  return (
    <section>
      <h2>Outages</h2>
      {rows.length === 0 ? (
        <p className="label">None recorded.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th style={{ paddingLeft: 0, width: '44%' }}>Began</th>
              <th>To</th>
              <th className="right" style={{ paddingRight: 0 }}>
                Lasted
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, 12).map((row) => (
              <tr key={`${row.destination}:${row.from}`} title={row.cause}>
                <td style={{ paddingLeft: 0 }} className="small">
                  {clock.moment(row.from)}
                </td>
                <td className="small cut">{row.destination}</td>
                <td className="small right num" style={{ paddingRight: 0 }}>
                  {age((row.until ?? now) - row.from)}
                  {row.until === null ? ' so far' : ''}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
