import type { DestinationRow } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useClock } from '../../use-core.ts'
import { Grant } from './grant.tsx'
import styles from './sync.module.css'
import { useAction } from './use-action.ts'

/** What stands in the way of one destination: the cause, since when, and the way out. */
export function Trouble({ row, past }: { readonly row: DestinationRow; readonly past: boolean }) {
  const clock = useClock()
  const action = useAction()
  if (row.error === null) return null
  const { message, hint, code, since, grant } = row.error
  return (
    <div className={styles.trouble} role="status">
      <div className={styles.cause}>
        <Icon name="away" />
        <p>
          <span className="medium">{row.name}: </span>
          {message.replace(/[.\s]+$/, '')}{' '}
          <span className="ink2">
            (since {clock.time(since)}
            {code === null || code.startsWith('kafka_') ? '' : `, ${code}`}).
          </span>
          {hint !== null && <span className="ink2"> {grant === null ? hint : hint.split('\n')[0]}</span>}
        </p>
        {code === 'kafka_topic_missing' ? (
          <Button
            disabled={past || action.isPending}
            onClick={() => action.mutate(['sync.createTopics', { destination: row.name }])}
          >
            Create topics
          </Button>
        ) : null}
        {code === 'kafka_no_transactions' ? (
          <Button
            disabled={past || action.isPending}
            onClick={() => action.mutate(['sync.delivery', { destination: row.name, delivery: 'at-least-once' }])}
          >
            Send at least once
          </Button>
        ) : null}
      </div>
      {action.error !== null && <ErrorNote error={action.error} />}
      {grant !== null && <Grant lines={grant} />}
    </div>
  )
}
