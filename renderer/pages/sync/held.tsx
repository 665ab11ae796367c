import { type Config, giveUps } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useCall, useStatus } from '../../use-core.ts'
import { bytes, count } from '../../words/number.ts'
import { unsentWords } from '../../words/unsent.ts'
import styles from './sync.module.css'
import { useAction } from './use-action.ts'

/** The log is past a bound, and keeps its oldest files for a destination that lacks them. */
export function Held({ past }: { readonly past: boolean }) {
  const status = useStatus()
  const config = useCall('config', {})
  const action = useAction()
  if (status === undefined) return null
  const held = status.log.heldBy
  const words = unsentWords(status.log)
  const name = held?.destination ?? (words === null ? null : (status.log.unsent?.destination ?? null))
  if (name === null) return null
  return (
    <>
      <div className={styles.trouble} role="status">
        <Icon name="disk" />
        <p className="num">
          <span className="medium">{name}: </span>
          {held === null || held.destination === null ? (
            <>
              {words} <span className="ink2">{runway(status.recorder?.runwayDays ?? null)}</span>
            </>
          ) : (
            <>
              the log keeps files that should go, because the records from {count(held.offset)} on were not sent.{' '}
              <span className="ink2">
                It grows until they are, or until the disk is full ({bytes(status.log.freeBytes)} free); then nothing
                more is captured.
              </span>
            </>
          )}
        </p>
        <Button
          disabled={past || action.isPending || config.data === undefined}
          onClick={() => action.mutate(['config.put', { config: notRequired(config.data!, name), secrets: [] }])}
        >
          Let the oldest go unsent
        </Button>
      </div>
      {action.error !== null && <ErrorNote error={action.error} />}
    </>
  )
}

function runway(days: number | null): string {
  if (days === null) return ''
  return days < 1
    ? 'At the present rate there is room for less than a day.'
    : `At the present rate there is room for ${Math.floor(days)} days.`
}

function notRequired(config: Config, name: string): Config {
  const destinations = config.destinations.map((one) => (one.name === name ? { ...one, required: false } : one))
  const { giveUp } = config.log
  const order = giveUps.filter((one) => one === 'optional' || giveUp.includes(one))
  return { ...config, destinations, log: { ...config.log, giveUp: giveUp.includes('optional') ? giveUp : order } }
}
