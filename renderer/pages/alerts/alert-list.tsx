import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { AlertRow } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { Kbd } from '../../parts/kbd.tsx'
import { PriorityMark } from '../../parts/priority-mark.tsx'
import { Segmented } from '../../parts/segmented.tsx'
import { formatRoute, go, type Route } from '../../route.ts'
import { useClock, useStatus } from '../../use-core.ts'
import { count, shownUnit, withUnit } from '../../words/number.ts'
import { age } from '../../words/time.ts'
import styles from './alerts.module.css'
import { folded, grouped, groupNames } from './groups.ts'

interface AlertListProps {
  readonly route: Extract<Route, { page: 'alerts' }>
  readonly rows: readonly AlertRow[]
  readonly total: number
  readonly shown: string | null
  readonly chosen: ReadonlySet<string>
  /** Alerts that called in the last ten minutes, in a flood; null: there is none. */
  readonly flood: number | null
  readonly onMore: () => void
}

const shows = [
  { value: 'open', label: 'Open' },
  { value: 'history', label: 'History' },
] as const

/** Alerts by what they wait for, worst first. */
export function AlertList({ route, rows, total, shown, chosen, flood, onMore }: AlertListProps) {
  const groups = route.show === 'open' ? grouped(rows) : rows.length > 0 ? [{ group: 'closed' as const, rows }] : []
  return (
    <nav className={styles.list} aria-label="Alerts">
      <div className={styles.listHead}>
        <h2>Alerts</h2>
        <span className="push" />
        <Segmented
          label="Which alerts"
          value={route.show}
          choices={shows}
          onChange={(show) => go({ ...route, show, id: null })}
        />
      </div>
      {flood !== null && (
        <p className={styles.flood} role="status">
          {count(flood)} alerts in the last 10 minutes are a flood. Alerts of one area and rule are folded.
        </p>
      )}
      {groups.map(({ group, rows: members }) => (
        <section key={group} aria-label={groupNames[group]}>
          <h3 className={styles.group}>
            <span>{route.show === 'history' ? 'Newest first' : groupNames[group]}</span>
            <span className="push" />
            {count(members.length)}
          </h3>
          {(flood === null ? [members] : folded(members)).map((fold) => (
            <Fold key={fold[0]!.alert.id} rows={flood === null ? null : fold} shown={shown}>
              <ul>
                {fold.map((row) => (
                  <Item
                    key={row.alert.id}
                    row={row}
                    route={route}
                    shown={row.alert.id === shown}
                    chosen={chosen.has(row.alert.id)}
                  />
                ))}
              </ul>
            </Fold>
          ))}
        </section>
      ))}
      {rows.length < total && (
        <div className={styles.more}>
          <Button look="quiet" onClick={onMore}>
            {count(total - rows.length)} more
          </Button>
        </div>
      )}
      {rows.length > 0 && <Keys />}
    </nav>
  )
}

/** Several rows behind one line, open while the alert that is shown is among them. Null: they are not folded. */
function Fold({
  rows,
  shown,
  children,
}: {
  readonly rows: readonly AlertRow[] | null
  readonly shown: string | null
  readonly children: ReactNode
}) {
  const holds = rows?.some(({ alert }) => alert.id === shown) ?? false
  const [open, setOpen] = useState(holds)
  useEffect(() => {
    if (holds) setOpen(true)
  }, [holds])
  if (rows === null || rows.length === 1) return children
  const { alert, area } = rows[0]!
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className={styles.fold}>
        {count(rows.length)} like “{alert.title}”{area !== '' && ` in ${area}`}
      </summary>
      {children}
    </details>
  )
}

function Keys() {
  return (
    <p className={styles.keys}>
      <Kbd keys="J" /> <Kbd keys="K" /> move <Kbd keys="X" /> select <Kbd keys="A" /> acknowledge
    </p>
  )
}

interface ItemProps {
  readonly row: AlertRow
  readonly route: Extract<Route, { page: 'alerts' }>
  readonly shown: boolean
  readonly chosen: boolean
}

function Item({ row, route, shown, chosen }: ItemProps) {
  const element = useRef<HTMLAnchorElement>(null)
  const { alert } = row
  const live = useStatus()?.time ?? Date.now()
  const now = route.at ?? live
  const clock = useClock()
  useEffect(() => {
    if (shown) element.current?.scrollIntoView({ block: 'nearest' })
  }, [shown])
  return (
    <li>
      <a
        ref={element}
        className={chosen ? `${styles.item} ${styles.chosen}` : styles.item}
        href={formatRoute({ ...route, id: alert.id })}
        aria-current={shown ? 'true' : undefined}
      >
        <PriorityMark priority={row.priority} state={stateOf(row)} acknowledged={alert.acknowledged !== null} />
        <span className={styles.words}>
          <span className="medium">{alert.title}</span>
          <span className="small ink3">
            {row.label}
            {alert.explanation.observed === null ? '' : `, ${withUnit(alert.explanation.observed, shownUnit(alert))}`}
            {alert.historical ? ', historical' : ''}
            {alert.already ? ', already active when it became live' : ''}
            {row.members.length > 0 && `, and ${count(row.members.length)} more`}
            {route.show === 'history' && (
              <>
                , <span className={styles.whole}>{clock.moment(alert.since)}</span>
              </>
            )}
            {row.group === 'shelved' && alert.shelvedUntil !== null && (
              <>
                , <span className={styles.whole}>until {clock.moment(alert.shelvedUntil)}</span>
              </>
            )}
          </span>
        </span>
        <span className="small ink2 num" title={clock.utc(alert.since)}>
          {age((alert.until ?? now) - alert.since)}
        </span>
      </a>
    </li>
  )
}

function stateOf(row: AlertRow): 'shelved' | 'silent' | 'alert' {
  if (row.group === 'shelved' || row.group === 'suppressed') return 'shelved'
  return row.alert.detector === 'silence' ? 'silent' : 'alert'
}
