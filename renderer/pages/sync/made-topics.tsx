import type { Calls } from '../../../core/contract/calls.ts'
import { SwitchField, TextField } from '../../parts/field.tsx'
import type { PartProps } from './destination-form.tsx'
import type { Made } from './draft.ts'

/** How topics that are missing are made: at once, or when this page is asked to. */
export function MadeTopics({ draft, change, wrong, made }: PartProps & { readonly made: Made | null }) {
  const whole = { type: 'number', min: 1, required: true } as const
  return (
    <>
      <SwitchField
        label="Create missing topics"
        help="On: made at once. Off: this page asks."
        on={draft.create}
        onChange={(create) => change({ create })}
      />
      <TextField
        label="Keep records there for"
        help="Hours; -1 keeps them for ever. Older records are deleted on arrival."
        type="number"
        min={-1}
        required
        wrong={wrong('create.retentionHours')}
        value={String(draft.retentionHours)}
        onChange={(text) => change({ retentionHours: Number(text) })}
      />
      <TextField
        label="Partitions"
        help="Of each topic that is made here."
        {...whole}
        wrong={wrong('create.partitions')}
        value={draft.partitions ?? String(made?.partitions ?? '')}
        onChange={(partitions) => change({ partitions })}
      />
      <TextField
        label="Copies"
        help="Of each topic that is made here; at most as many as there are brokers."
        {...whole}
        wrong={wrong('create.replication')}
        value={draft.copies ?? String(made?.replication ?? '')}
        onChange={(copies) => change({ copies })}
      />
    </>
  )
}

/** What the settings make where nobody said how. */
export function madeIn(schema: Calls['config.schema']['out']): Made {
  const of = at(schema, ['properties', 'destinations', 'items', 'properties', 'create', 'properties'])
  return {
    partitions: at(of, ['partitions', 'default']) as number,
    replication: at(of, ['replication', 'default']) as number,
  } // our own schema
}

function at(from: unknown, path: readonly string[]): unknown {
  return path.reduce((of, key) => (of as Readonly<Record<string, unknown>>)[key], from)
}
