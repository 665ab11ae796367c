import type { UseMutationResult } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import type { ProbeResult } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { ChoiceField, TextField } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import styles from './connect.module.css'
import { type Draft, nameFrom } from './draft.ts'

interface BrokerFormProps {
  readonly draft: Draft
  readonly change: (part: Partial<Draft>) => void
  readonly probe: UseMutationResult<ProbeResult, Error, Draft>
}

/** Where the broker is and who we are to it, with a test that says at once what is wrong. */
export function BrokerForm({ draft, change, probe }: BrokerFormProps) {
  const test = (event: FormEvent) => {
    event.preventDefault()
    probe.mutate(draft)
  }
  return (
    <form className={styles.form} onSubmit={test}>
      <TextField
        label="Broker"
        help="mqtt://, mqtts://, ws:// or wss://"
        placeholder="mqtt://broker.example:1883"
        required
        value={draft.url}
        onChange={(url) => change({ url })}
      />
      <Result probe={probe} />
      <TextField label="User" value={draft.username} onChange={(username) => change({ username })} />
      <TextField
        label="Password"
        help="Kept in the secret store, never in the settings file."
        type="password"
        value={draft.password}
        onChange={(password) => change({ password })}
      />
      <TextField
        label="CA file"
        help="Path of a PEM file; empty: the certificates of the system."
        value={draft.ca}
        onChange={(ca) => change({ ca })}
      />
      <TextField
        label="Listen to"
        help="Topics; more than one with commas. # is all that you may read."
        required
        value={draft.topics}
        onChange={(topics) => change({ topics })}
      />
      <ChoiceField
        label="Quality of service"
        help="With 1 or 2 the broker hears “received” only after the message is on this disk."
        value={draft.qos}
        choices={qualities}
        onChange={(qos) => change({ qos })}
      />
      <TextField
        label="Name"
        help="How this app calls it."
        placeholder={nameFrom(draft.url)}
        value={draft.name}
        onChange={(name) => change({ name })}
      />
      <Button type="submit" disabled={probe.isPending}>
        {probe.isPending ? 'Testing…' : 'Test the broker'}
      </Button>
    </form>
  )
}

const qualities = [
  { value: '1', label: '1, at least once' },
  { value: '2', label: '2, exactly once' },
  { value: '0', label: '0, what is lost on the way cannot be known' },
] as const

function Result({ probe }: { readonly probe: BrokerFormProps['probe'] }) {
  if (probe.error !== null) return <ErrorNote error={probe.error} />
  const result = probe.data
  if (result === undefined) return null
  if (result.error !== null)
    return (
      <div className={styles.failure} role="alert">
        <p className="medium">{sentence(result.error.message)}</p>
        {result.error.hint !== null && <p className="ink2">{sentence(result.error.hint)}</p>}
      </div>
    )
  return (
    <p className={styles.success} role="status">
      <Icon name="check" />
      <span>
        Connected in {Math.round(result.milliseconds)} ms. MQTT {result.version}
        {result.tls === null ? ', not encrypted' : `, ${result.tls}`}.
      </span>
    </p>
  )
}

/** Errors are parts of sentences, so that they can follow a name; here each stands alone. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.?!]$/.test(begun) ? begun : `${begun}.`
}
