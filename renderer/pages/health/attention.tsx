import type { AlertRow, At } from '../../../core/contract/calls.ts'
import type { Millis } from '../../../core/contract/model.ts'
import { Spark } from '../../chart/spark.tsx'
import { focusedRow, moveRow, useKeys } from '../../keys.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { PriorityMark } from '../../parts/priority-mark.tsx'
import { formatRoute } from '../../route.ts'
import { person, useCall, useCommand, useStatus } from '../../use-core.ts'
import { count, range, shownUnit, withUnit } from '../../words/number.ts'
import { age, pace } from '../../words/time.ts'
import styles from './health.module.css'

const most = 5
const asked = 60

/** The open alerts, worst first: at most five, then how many more. */
export function Attention({ at }: { readonly at: At }) {
  const { data } = useCall('alerts', { at, show: 'open', device: null, limit: asked })
  const now = useStatus()?.time ?? Date.now()
  const command = useCommand()
  const acknowledge = (id: string) => at === null && command.send('ack', { ids: [id], note: null, by: person })
  const rows = (data?.rows ?? [])
    .filter((row) => row.group === 'active' || row.group === 'acknowledged')
    .sort(worstFirst)
  useKeys({
    j: () => moveRow(1),
    k: () => moveRow(-1),
    a: () => {
      const row = rows.find(({ alert }) => alert.id === focusedRow()) ?? rows[0]
      if (row !== undefined && row.alert.acknowledged === null) acknowledge(row.alert.id)
    },
  })
  return (
    <>
      {command.error !== null && <ErrorNote error={command.error} />}
      {rows.slice(0, most).map((row) => (
        <AttentionRow
          key={row.alert.id}
          row={row}
          at={at}
          now={at ?? now}
          onAcknowledge={at === null ? acknowledge : null}
        />
      ))}
      {rows.length > most && (
        <a className={styles.more} href={formatRoute({ page: 'alerts', id: null, show: 'open', at })}>
          {rows.length - most} more
        </a>
      )}
    </>
  )
}

interface AttentionRowProps {
  readonly row: AlertRow
  readonly at: At
  readonly now: Millis
  readonly onAcknowledge: ((id: string) => void) | null
}

function AttentionRow({ row, at, now, onAcknowledge }: AttentionRowProps) {
  const { alert, priority } = row
  const loud = priority === 1 && alert.acknowledged === null
  const [first, second] = facts(row)
  return (
    <div className={loud ? `${styles.attention} ${styles.critical}` : styles.attention}>
      <PriorityMark
        priority={priority}
        acknowledged={alert.acknowledged !== null}
        state={alert.detector === 'silence' ? 'silent' : 'alert'}
      />
      <div className="cut">
        <a
          className={styles.open}
          data-row={alert.id}
          href={formatRoute({ page: 'alerts', id: alert.id, show: 'open', at })}
        >
          {alert.title}
        </a>
        <div className="small ink3 cut">
          {row.label}
          {row.members.length > 0 && `, and ${count(row.members.length)} more`}
        </div>
      </div>
      <div className="cut">
        <div className="medium cut">{first}</div>
        <div className="small ink3 cut">{second}</div>
      </div>
      <Spark
        values={row.spark}
        width={120}
        height={30}
        band={row.band}
        outside={row.band === null ? null : `var(--p${priority})`}
      />
      <span className="small ink2 right num">{age(now - alert.since)}</span>
      <span className={styles.act}>
        {alert.acknowledged !== null ? (
          <span className="small ink3">Ack. by {alert.acknowledged.by}</span>
        ) : (
          onAcknowledge !== null && <Button onClick={() => onAcknowledge(alert.id)}>Acknowledge</Button>
        )}
      </span>
    </div>
  )
}

/** What is seen, and what is usual. */
function facts({ alert, band }: AlertRow): readonly [string, string] {
  const { usualGapMs, limitMs, observed, expected } = alert.explanation
  if (alert.detector === 'silence' || alert.detector === 'missing')
    return [
      usualGapMs === null ? 'nothing came' : `usually every ${pace(usualGapMs)}`,
      limitMs === null ? '' : `limit ${pace(limitMs)}`,
    ]
  const usual = band ?? expected
  return [withUnit(observed, shownUnit(alert)), usual === null ? '' : `usual ${range(usual.low, usual.high)}`]
}

function worstFirst(a: AlertRow, b: AlertRow): number {
  const seen = Number(a.alert.acknowledged !== null) - Number(b.alert.acknowledged !== null)
  return seen || a.priority - b.priority || b.alert.since - a.alert.since
}
