import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { Config, DestinationConfig } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { type Declared, Fields } from '../../parts/fields.tsx'
import { showFirstFault } from '../../parts/first-fault.ts'
import { useCall, useClock } from '../../use-core.ts'
import { faultOf } from '../../words/fault.ts'
import { type Draft, emptyDraft, secretsOf, toDestination, toDraft } from './draft.ts'
import { MadeTopics, madeIn } from './made-topics.tsx'
import styles from './sync.module.css'
import { Trust } from './trust.tsx'
import { useAction } from './use-action.ts'
import { WhatIsSent } from './what-is-sent.tsx'

const kept = 'fieldwatch.destination-draft'

interface FormProps {
  /** Null: a new one is added. */
  readonly edited: DestinationConfig | null
  readonly onClose: () => void
}

/** Asks for what a Kafka needs, and what it is to be sent. What was typed survives an error, and for a new one a reload. */
export function DestinationForm({ edited, onClose }: FormProps) {
  const config = useCall('config', {})
  const schema = useCall('config.schema', {})
  const made = schema.data === undefined ? null : madeIn(schema.data)
  const clock = useClock()
  const dialog = useRef<HTMLDialogElement>(null)
  const [draft, change] = useDraft(edited)
  const action = useAction(() => {
    if (edited === null) sessionStorage.removeItem(kept)
    dialog.current?.close() // gives the focus back
  })
  useEffect(() => dialog.current?.showModal(), [])
  useEffect(() => {
    if (action.error !== null) showFirstFault(dialog.current)
  }, [action.error])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (config.data === undefined || made === null) return
    const destination = toDestination(draft, { before: edited, made, clock })
    action.mutate(['config.put', { config: withDestination(config.data, destination), secrets: secretsOf(draft) }])
  }
  const part = { draft, change, wrong: (field: string) => faultOf(action.error, `config.destinations[*].${field}`) }
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby="destination-form" onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id="destination-form">{edited === null ? 'Add destination' : `Edit ${edited.name}`}</h2>
        {edited !== null && (
          <p className="ink2">
            A change counts for records that were not sent yet; nothing is sent again. To send history again, add a
            destination with another name.
          </p>
        )}
        <div className={styles.fields}>
          <Fields of={reach(edited === null)} {...part} />
          <Trust {...part} />
          <MadeTopics {...part} made={made} />
        </div>
        <WhatIsSent {...part} isNew={edited === null} />
        <div className={styles.formEnd}>
          {action.error !== null && <ErrorNote error={action.error} />}
          <div className={styles.formActions}>
            <Button onClick={() => dialog.current?.close()}>Cancel</Button>
            <Button
              look="primary"
              type="submit"
              disabled={action.isPending || config.data === undefined || made === null}
            >
              {edited === null ? 'Add destination' : 'Save'}
            </Button>
          </div>
        </div>
      </form>
    </dialog>
  )
}

function reach(isNew: boolean): readonly Declared<Draft>[] {
  const stays = 'Its place in the log hangs on it.'
  return [
    {
      text: 'name',
      label: 'Name',
      help: isNew ? `How this page calls it. It stays: ${stays.toLowerCase()}` : stays,
      required: true,
      readOnly: !isNew,
    },
    {
      text: 'brokers',
      label: 'Brokers',
      help: 'host:port; more than one with commas.',
      placeholder: 'kafka.example:9092',
      required: true,
    },
    {
      choice: 'delivery',
      choices: deliveries,
      label: 'Delivery',
      help: 'Exactly once needs transactions at the broker.',
    },
  ]
}

const deliveries = [
  { value: 'auto', label: 'automatic' },
  { value: 'exactly-once', label: 'exactly once' },
  { value: 'at-least-once', label: 'at least once' },
] as const

function useDraft(edited: DestinationConfig | null): [Draft, (part: Partial<Draft>) => void] {
  const [draft, setDraft] = useState<Draft>(() =>
    edited === null ? { ...emptyDraft, ...JSON.parse(sessionStorage.getItem(kept) ?? '{}') } : toDraft(edited),
  )
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part }
    setDraft(next)
    if (edited === null) sessionStorage.setItem(kept, JSON.stringify({ ...next, password: '', passphrase: '' })) // a secret is never stored in the page
  }
  return [draft, change]
}

/** In its place, so that the order on the page stays. */
function withDestination(config: Config, destination: DestinationConfig): Config {
  const isThere = config.destinations.some(({ name }) => name === destination.name)
  const destinations = isThere
    ? config.destinations.map((one) => (one.name === destination.name ? destination : one))
    : [...config.destinations, destination]
  return { ...config, destinations }
}
