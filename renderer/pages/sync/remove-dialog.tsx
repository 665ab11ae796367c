import type { Config, DestinationRow } from '../../../core/contract/calls.ts'
import { AskDialog } from '../../parts/ask-dialog.tsx'
import { useCall } from '../../use-core.ts'
import { count, many } from '../../words/number.ts'
import styles from './sync.module.css'
import { useAction } from './use-action.ts'

interface RemoveDialogProps {
  readonly row: DestinationRow
  readonly onClose: () => void
}

/** Asks once whether a destination may go, and says what goes with it and what stays. */
export function RemoveDialog({ row, onClose }: RemoveDialogProps) {
  const config = useCall('config', {})
  const action = useAction(onClose)
  return (
    <AskDialog
      title={`Remove ${row.name}?`}
      does={`Remove ${row.name}`}
      disabled={action.isPending || config.data === undefined}
      errors={[config.error, action.error]}
      onDo={() => action.mutate(['config.put', without(config.data!, row.name)])}
      onClose={onClose}
    >
      <WhatGoes row={row} />
    </AskDialog>
  )
}

function WhatGoes({ row: { name, waiting, acked } }: { readonly row: DestinationRow }) {
  return (
    <ul className={styles.whatGoes}>
      <li>
        <span className="medium">Goes:</span> its settings here, and its password in the secret store. Nothing more is
        sent to it.
      </li>
      <li>
        <span className="medium">The log no longer waits for it.</span>{' '}
        {waiting === 0
          ? 'It has everything so far.'
          : `${many(waiting, 'record')} that it lacks stay until the log lets them go as usual.`}
      </li>
      <li>
        <span className="medium">Stays:</span> topics and records in Kafka, everything in the log, and its lines in the
        ledger. Added again as “{name}”, it goes on with record {count(acked)}; under another name it begins anew.
      </li>
    </ul>
  )
}

/** An empty secret is one that is forgotten. */
function without(config: Config, name: string) {
  const secrets = ['password', 'passphrase'].map((kind) => ({ name: `destination/${name}/${kind}`, value: '' }))
  return { config: { ...config, destinations: config.destinations.filter((one) => one.name !== name) }, secrets }
}
