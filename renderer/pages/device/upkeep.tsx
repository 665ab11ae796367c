import { DropdownMenu } from 'radix-ui'
import type { At, DeviceDetail, Upkeep } from '../../../core/contract/calls.ts'
import type { Millis } from '../../../core/contract/model.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { person, type Sending, useClock, useCommand, useStatus } from '../../use-core.ts'
import styles from '../alerts/alerts.module.css'

const by = person
const hour = 3_600_000
const lengths = [
  { label: 'Maintenance for 1 h', ms: hour },
  { label: 'Maintenance for 8 h', ms: 8 * hour },
  { label: 'Maintenance for 24 h', ms: 24 * hour },
] as const

/** Puts a device aside for planned work, or out of service, and back. In the past nothing can be done. */
export function UpkeepMenu({ device, at }: { readonly device: DeviceDetail; readonly at: At }) {
  const command = useCommand()
  const { upkeep, row } = device
  return (
    <>
      {command.error !== null && <ErrorNote error={command.error} />}
      {upkeep === null ? (
        <PutAside device={row.device} command={command} past={at !== null} />
      ) : (
        <Button disabled={at !== null} onClick={() => putBack(command, row.device, upkeep)}>
          {upkeep.state === 'maintenance' ? 'End maintenance' : 'Back in service'}
        </Button>
      )}
    </>
  )
}

function putBack(command: Sending, device: string, { maintenance }: Upkeep): void {
  if (maintenance === null) command.send('service', { device, out: false, note: null, by })
  else command.send('maintenance.end', { id: maintenance, by })
}

interface PutAsideProps {
  readonly device: string
  readonly command: Sending
  readonly past: boolean
}

function PutAside({ device, command, past }: PutAsideProps) {
  const now = useStatus()?.time ?? Date.now()
  const clock = useClock()
  const maintain = (ms: Millis) => {
    const id = `${device}@${now}`.slice(-200)
    command.send('maintenance.put', { id, devices: [device], from: now, until: now + ms, note: null, by })
  }
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <Button disabled={past} title={past ? 'Go live to put it aside' : undefined}>
          Put aside…
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={document.querySelector('main')}>
        <DropdownMenu.Content className={styles.menu} align="end" sideOffset={4}>
          <DropdownMenu.Label className="label">Its alerts are kept, and call nobody</DropdownMenu.Label>
          {lengths.map(({ label, ms }) => (
            <DropdownMenu.Item key={label} className={styles.menuItem} onSelect={() => maintain(ms)}>
              <span>{label}</span>
              <span className="ink3 num">until {clock.moment(now + ms)}</span>
            </DropdownMenu.Item>
          ))}
          <DropdownMenu.Item
            className={styles.menuItem}
            onSelect={() => command.send('service', { device, out: true, note: null, by })}
          >
            <span>Out of service</span>
            <span className="ink3">until put back</span>
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

/** What a person has put it aside for, beside its name. */
export function UpkeepTag({ upkeep }: { readonly upkeep: Upkeep | null }) {
  const clock = useClock()
  if (upkeep === null) return null
  const until = upkeep.until === null ? '' : ` until ${clock.moment(upkeep.until)}`
  return (
    <span className="tag" title={`By ${upkeep.by}`}>
      {upkeep.state}
      {until}
    </span>
  )
}
