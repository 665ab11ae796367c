import { useState } from 'react'
import type { At } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import type { Span } from '../../parts/span-picker.tsx'
import { formatRoute } from '../../route.ts'
import { useCall, useClock } from '../../use-core.ts'
import { many } from '../../words/number.ts'
import { age } from '../../words/time.ts'
import styles from './continuity.module.css'

const pageSize = 20

/** Devices that were silent by their own pace while their source could be heard, those that were so longest first. */
export function SilentDevices({ at, span }: { readonly at: At; readonly span: Span }) {
  const [limit, setLimit] = useState(pageSize)
  const clock = useClock()
  const answer = useCall('continuity.silent', { at, ...span, skip: 0, limit }).data
  return (
    <section>
      <h2>Silent devices</h2>
      {answer?.rows.length === 0 && <p className="label">No device was silent for longer than it usually is.</p>}
      <ul>
        {answer?.rows.map((row) => (
          <li key={row.device} className={styles.silent}>
            <a className="cut" href={formatRoute({ page: 'device', id: row.device, tab: 'details', at })}>
              {row.label}
            </a>
            <span className="num ink2">
              {age(row.silentMs)}, {many(row.silences, 'time')}
            </span>
          </li>
        ))}
      </ul>
      {answer != null && answer.since !== null && (
        <p className="label">Silences that ended before {clock.full(answer.since)} are not counted here.</p>
      )}
      {answer?.more === true && limit < 500 && (
        <Button onClick={() => setLimit(Math.min(500, limit + 4 * pageSize))}>Show more</Button>
      )}
    </section>
  )
}
