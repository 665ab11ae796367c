import { DropdownMenu } from 'radix-ui'
import { type RefObject, useEffect, useRef } from 'react'
import type { AlertDetail } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { person, type Sending, useCommand } from '../../use-core.ts'
import styles from './alerts.module.css'
import { Shelve } from './shelve.tsx'

const by = person

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
        <Shelve ids={ids} disabled={past} />
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
