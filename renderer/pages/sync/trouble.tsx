import type { DestinationRow } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useClock } from '../../use-core.ts'
import styles from './sync.module.css'
import { useAction } from './use-action.ts'

/** What stands in the way of one destination: the cause, since when, and the way out. */
export function Trouble({ row, past }: { readonly row: DestinationRow; readonly past: boolean }) {
  const clock = useClock()
  const action = useAction()
  if (row.error === null) return null
  const { message, hint, code, since } = row.error
  return (
    <div className={styles.trouble} role="status">
      <Icon name="away" />
      <p>
        <span className="medium">{row.name}: </span>
        {message.replace(/[.\s]+$/, '')}{' '}
        <span className="ink2">
          (since {clock.time(since)}
          {code === null || code.startsWith('kafka_') ? '' : `, ${code}`}).
        </span>
        {hint !== null && <span className="ink2"> {hint}</span>}
      </p>
      {code === 'kafka_topic_missing' ? (
        <Button
          disabled={past || action.isPending}
          onClick={() => action.mutate(['sync.createTopics', { destination: row.name }])}
        >
          Create topics
        </Button>
      ) : null}
    </div>
  )
}
