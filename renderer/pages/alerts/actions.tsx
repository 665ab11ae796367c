import { DropdownMenu } from 'radix-ui'
import { type RefObject, useEffect, useRef, useState } from 'react'
import type { AlertDetail } from '../../../core/contract/calls.ts'
import { useKeys } from '../../keys.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { person, type Sending, useClock, useCommand, useStatus } from '../../use-core.ts'
import type { Clock } from '../../words/time.ts'
import styles from './alerts.module.css'

const by = person
const hourMs = 3600_000

/** What a person can do about an alert. In the past nothing can be done, and the buttons say so. */
export function Actions({ detail, past }: { readonly detail: AlertDetail; readonly past: boolean }) {
  const command = useCommand()
  const { alert } = detail
  const ids = [alert.id]
  const done = alert.acknowledged !== null
  const element = useRef<HTMLDivElement>(null)
  useFocusKept(element, `${done} ${alert.shelvedUntil !== null}`)
  return (
    <div ref={element} className={styles.actions} tabIndex={-1}>
      {command.error !== null && <ErrorNote error={command.error} />}
      {done ? (
        <span className="small ink3">Acknowledged by {alert.acknowledged?.by}</span>
      ) : (
        <Button
          look="primary"
          hint="A"
          disabled={past}
          title={past ? 'Go live to acknowledge' : undefined}
          onClick={() => command.send('ack', { ids, note: null, by })}
        >
          Acknowledge
        </Button>
      )}
      {alert.shelvedUntil === null ? (
        <Shelve ids={ids} command={command} disabled={past} />
      ) : (
        <Button disabled={past} onClick={() => command.send('unshelve', { ids, by })}>
          Take off the shelf
        </Button>
      )}
      <More id={alert.id} series={alert.series} command={command} disabled={past} />
    </div>
  )
}

/** A button that is done goes away; the focus that it had stays beside it. */
function useFocusKept(element: RefObject<HTMLElement | null>, state: string): void {
  const before = useRef(state)
  useEffect(() => {
    if (before.current !== state && document.activeElement === document.body) element.current?.focus()
    before.current = state
  }, [element, state])
}

/** A menu belongs to the page that it opens on, so that readers find it in there. */
function page(): HTMLElement | null {
  return document.querySelector('main')
}

interface ActionProps {
  readonly command: Sending
  readonly disabled: boolean
}

function Shelve({ ids, command, disabled }: ActionProps & { readonly ids: readonly string[] }) {
  const [open, setOpen] = useState(false)
  const clock = useClock()
  const now = useStatus()?.time ?? Date.now()
  useKeys({ s: () => !disabled && setOpen(true) })
  return (
    <DropdownMenu.Root modal={false} open={open} onOpenChange={setOpen}>
      <DropdownMenu.Trigger asChild>
        <Button hint="S" disabled={disabled}>
          Shelve…
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={page()}>
        <DropdownMenu.Content className={styles.menu} align="end" sideOffset={4}>
          <DropdownMenu.Label className="label">A shelf always ends</DropdownMenu.Label>
          {shelves(now, clock).map(({ until, label }) => (
            <DropdownMenu.Item
              key={label}
              className={styles.menuItem}
              onSelect={() => command.send('shelve', { ids, until, note: null, by })}
            >
              <span>{label}</span>
              <span className="ink3 num">{clock.moment(until)}</span>
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

/** Shifts of eight hours that change at 6, 14 and 22 o'clock. */
function shelves(now: number, clock: Clock): readonly { readonly until: number; readonly label: string }[] {
  const hour = (now - clock.midnight(now)) / hourMs
  const end = [6, 14, 22, 30].find((change) => change > hour) ?? 30
  return [
    { until: now + hourMs, label: '1 h' },
    { until: clock.midnight(now) + end * hourMs, label: 'End of shift' },
    { until: now + 24 * hourMs, label: '24 h' },
  ]
}

function More({
  id,
  series,
  command,
  disabled,
}: ActionProps & { readonly id: string; readonly series: number | null }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <Button icon="more" disabled={disabled} aria-label="More about this alert">
          {null}
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={page()}>
        <DropdownMenu.Content className={styles.menu} align="end" sideOffset={4}>
          <DropdownMenu.Label className="label">Was this alert useful?</DropdownMenu.Label>
          {[true, false].map((useful) => (
            <DropdownMenu.Item
              key={String(useful)}
              className={styles.menuItem}
              onSelect={() => command.send('mark', { id, useful, by })}
            >
              {useful ? 'Useful' : 'Not useful'}
            </DropdownMenu.Item>
          ))}
          {series !== null && (
            <DropdownMenu.Item className={styles.menuItem} onSelect={() => command.send('normal', { series, by })}>
              <span>This is normal now</span>
              <span className="ink3">learn it anew</span>
            </DropdownMenu.Item>
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
