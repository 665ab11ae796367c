import type { Calls } from '../../../core/contract/calls.ts'
import { type Declared, type DraftProps, Fields } from '../../parts/fields.tsx'
import type { Draft, Made } from './draft.ts'

/** How topics that are missing are made: at once, or when this page is asked to. */
export function MadeTopics({ draft, made, ...rest }: DraftProps<Draft> & { readonly made: Made | null }) {
  const { partitions, copies } = draft
  const shown = {
    ...draft,
    partitions: partitions ?? String(made?.partitions ?? ''),
    copies: copies ?? String(made?.replication ?? ''),
  }
  return <Fields of={madeTopics} draft={shown} {...rest} />
}

type Shown = Draft & { readonly partitions: string; readonly copies: string }

const whole = { type: 'number', min: 1, required: true } as const

const madeTopics: readonly Declared<Shown>[] = [
  { on: 'create', label: 'Create missing topics', help: 'On: made at once. Off: this page asks.' },
  {
    text: 'retentionHours',
    named: 'create.retentionHours',
    label: 'Keep records there for',
    help: 'Hours; -1 keeps them for ever. Older records are deleted on arrival.',
    ...whole,
    min: -1,
  },
  {
    text: 'partitions',
    named: 'create.partitions',
    label: 'Partitions',
    help: 'Of each topic that is made here.',
    ...whole,
  },
  {
    text: 'copies',
    named: 'create.replication',
    label: 'Copies',
    help: 'Of each topic that is made here; at most as many as there are brokers.',
    ...whole,
  },
]

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
