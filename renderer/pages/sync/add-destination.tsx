import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { Config, DestinationConfig } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { ChoiceField, SwitchField, TextField } from '../../parts/field.tsx'
import { useCall } from '../../use-core.ts'
import { type Draft, emptyDraft, secretsOf, toDestination } from './draft.ts'
import styles from './sync.module.css'
import { Trust } from './trust.tsx'
import { useAction } from './use-action.ts'

const kept = 'fieldwatch.destination-draft'

/** Asks for what a Kafka needs, and adds it. What was typed survives an error and a reload. */
export function AddDestination({ onClose }: { readonly onClose: () => void }) {
  const config = useCall('config', {})
  const dialog = useRef<HTMLDialogElement>(null)
  const [draft, change] = useDraft()
  const action = useAction(() => {
    sessionStorage.removeItem(kept)
    dialog.current?.close() // gives the focus back
  })
  useEffect(() => dialog.current?.showModal(), [])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (config.data !== undefined) action.mutate(['config.put', withDestination(config.data, draft)])
  }
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby="add-destination" onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id="add-destination">Add destination</h2>
        <div className={styles.fields}>
          <Reach draft={draft} change={change} />
          <Trust draft={draft} change={change} />
          <Topics draft={draft} change={change} />
        </div>
        {action.error !== null && <ErrorNote error={action.error} />}
        <div className={styles.formActions}>
          <Button onClick={() => dialog.current?.close()}>Cancel</Button>
          <Button look="primary" type="submit" disabled={action.isPending || config.data === undefined}>
            Add destination
          </Button>
        </div>
      </form>
    </dialog>
  )
}

export interface PartProps {
  readonly draft: Draft
  readonly change: (part: Partial<Draft>) => void
}

function Reach({ draft, change }: PartProps) {
  return (
    <>
      <TextField
        label="Name"
        help="How this page calls it."
        required
        value={draft.name}
        onChange={(name) => change({ name })}
      />
      <TextField
        label="Brokers"
        help="host:port; more than one with commas."
        placeholder="kafka.example:9092"
        required
        value={draft.brokers}
        onChange={(brokers) => change({ brokers })}
      />
      <ChoiceField
        label="Delivery"
        help="Exactly once needs transactions at the broker."
        value={draft.delivery}
        choices={deliveries}
        onChange={(delivery) => change({ delivery })}
      />
    </>
  )
}

function Topics({ draft, change }: PartProps) {
  return (
    <>
      <SwitchField
        label="Create missing topics"
        help="On: made at once. Off: this page asks."
        on={draft.create}
        onChange={(create) => change({ create })}
      />
      {draft.create && (
        <TextField
          label="Keep records there for"
          help="Hours; -1 keeps them for ever. Older records are deleted on arrival."
          type="number"
          min={-1}
          required
          value={String(draft.retentionHours)}
          onChange={(text) => change({ retentionHours: Number(text) })}
        />
      )}
    </>
  )
}

const deliveries = [
  { value: 'auto', label: 'automatic' },
  { value: 'exactly-once', label: 'exactly once' },
  { value: 'at-least-once', label: 'at least once' },
] as const

function useDraft(): [Draft, (part: Partial<Draft>) => void] {
  const [draft, setDraft] = useState<Draft>(() => ({
    ...emptyDraft,
    ...JSON.parse(sessionStorage.getItem(kept) ?? '{}'),
  }))
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part }
    setDraft(next)
    sessionStorage.setItem(kept, JSON.stringify({ ...next, password: '', passphrase: '' })) // a secret is never stored in the page
  }
  return [draft, change]
}

function withDestination(config: Config, draft: Draft) {
  const destination: DestinationConfig = toDestination(draft)
  const others = config.destinations.filter((other) => other.name !== destination.name)
  return { config: { ...config, destinations: [...others, destination] }, secrets: secretsOf(draft) }
}
