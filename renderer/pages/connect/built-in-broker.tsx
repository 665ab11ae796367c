import { type FormEvent, useState } from 'react'
import type { BrokerConfig, Config } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { SwitchField } from '../../parts/field.tsx'
import { type Declared, Fields } from '../../parts/fields.tsx'
import styles from './connect.module.css'
import type { Secret } from './sources.tsx'

interface BuiltInBrokerProps {
  readonly config: Config
  /** Null: it is not to run. */
  readonly state: string | null
  readonly disabled: boolean
  readonly onSave: (config: Config, secrets?: readonly Secret[]) => void
}

/** A broker that devices publish to, where a plant has none. */
export function BuiltInBroker({ config, state, disabled, onSave }: BuiltInBrokerProps) {
  const { broker } = config
  const address = `mqtt://${broker.host}:${broker.port}`
  return (
    <>
      <SwitchField
        label="Built-in broker"
        help={
          state === null
            ? 'For devices that have no broker: they publish to this app, and hear “received” when it is on disk.'
            : `${address}: ${state}`
        }
        on={broker.enabled}
        disabled={disabled}
        onChange={(enabled) => onSave({ ...config, broker: { ...broker, enabled } })}
      />
      {broker.enabled && (
        <Options
          key={JSON.stringify(broker)}
          broker={broker}
          disabled={disabled}
          onSave={(next, password) =>
            onSave({ ...config, broker: next }, password === '' ? [] : [{ name: 'broker/password', value: password }])
          }
        />
      )}
    </>
  )
}

interface OptionsProps {
  readonly broker: BrokerConfig
  readonly disabled: boolean
  readonly onSave: (broker: BrokerConfig, password: string) => void
}

function Options({ broker, disabled, onSave }: OptionsProps) {
  const [draft, setDraft] = useState(() => draftOf(broker))
  const save = (event: FormEvent) => {
    event.preventDefault()
    const { host, port, username, password } = draft
    onSave({ ...broker, host: host.trim(), port: Number(port), username: username.trim() || null }, password)
  }
  return (
    <details className={styles.rest}>
      <summary>More options of the built-in broker</summary>
      <form className={styles.form} onSubmit={save}>
        <Fields of={fields} draft={draft} change={(part) => setDraft({ ...draft, ...part })} />
        <Button type="submit" disabled={disabled}>
          Save
        </Button>
      </form>
    </details>
  )
}

function draftOf({ host, port, username }: BrokerConfig) {
  return { host, port: String(port), username: username ?? '', password: '' }
}

const fields: readonly Declared<ReturnType<typeof draftOf>>[] = [
  {
    text: 'host',
    label: 'Listen on',
    help: '127.0.0.1: this machine only. 0.0.0.0: the whole network, with user and password.',
    required: true,
  },
  { text: 'port', label: 'Port', type: 'number', min: 0, max: 65_535, required: true },
  { text: 'username', label: 'User for devices', help: 'Empty: none is asked for.' },
  {
    text: 'password',
    label: 'Password for devices',
    help: 'Kept in the secret store, never in the settings file.',
    type: 'password',
  },
]
