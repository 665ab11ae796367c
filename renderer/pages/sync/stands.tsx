import type { DestinationRow } from '../../../core/contract/calls.ts'
import { useClock } from '../../use-core.ts'
import { count } from '../../words/number.ts'
import { isHeld } from '../../words/sync-state.ts'
import type { Clock } from '../../words/time.ts'
import styles from './sync.module.css'

/** The end of the log, and how far along it each destination is. */
export function Stands({ rows }: { readonly rows: readonly DestinationRow[] }) {
  const clock = useClock()
  const head = Math.max(1, ...rows.map((row) => row.head))
  return (
    <section>
      <h2>Where each stands</h2>
      <Bar name="Log" offset={head} share={1} late={false} />
      {rows.map((row) => (
        <div key={row.name}>
          <Bar name={row.name} offset={row.next} share={row.next / head} late={isHeld(row.state)} />
          {row.began !== null && <p className="label">{beganWith(row.began, clock)}</p>}
        </div>
      ))}
    </section>
  )
}

interface BarProps {
  readonly name: string
  readonly offset: number
  readonly share: number
  readonly late: boolean
}

function Bar({ name, offset, share, late }: BarProps) {
  return (
    <div className={styles.stand}>
      <div className="row small">
        <span className="cut">{name}</span>
        <span className="push" />
        <span className="mono">{count(offset)}</span>
      </div>
      <div className={styles.track}>
        <i style={{ width: `${Math.min(100, share * 100)}%`, background: late ? 'var(--p2)' : 'var(--ink-2)' }} />
      </div>
    </div>
  )
}

function beganWith({ offset, asked }: NonNullable<DestinationRow['began']>, clock: Clock): string {
  if (asked === 'beginning') return `Began with record ${count(offset)}, the oldest that was kept.`
  const when = asked === 'now' ? 'what came from then on' : `what came since ${clock.moment(Date.parse(asked))}`
  return `Began with record ${count(offset)}, ${when}.`
}
