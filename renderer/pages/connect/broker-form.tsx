import type { UseMutationResult } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import type { ProbeResult } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { type Declared, Fields, nameOf } from '../../parts/fields.tsx'
import { Icon } from '../../parts/icon.tsx'
import { faultOf } from '../../words/fault.ts'
import { sentence } from '../../words/sentence.ts'
import styles from './connect.module.css'
import { type Draft, emptyDraft } from './draft.ts'
import { MoreOptions, moreOptions } from './more-options.tsx'

interface FormProps {
  readonly draft: Draft
  readonly change: (part: Partial<Draft>) => void
  readonly probe: UseMutationResult<ProbeResult, Error, Draft>
  /** Nothing was typed since the test. */
  readonly current: boolean
  /** The past is shown: nothing may reach a broker from there. */
  readonly past: boolean
}

/** Where the broker is and who we are to it, with a test that says at once what is wrong. */
export function BrokerForm({ draft, change, probe, current, past }: FormProps) {
  const test = (event: FormEvent) => {
    event.preventDefault()
    if (!probe.isPending && !past) probe.mutate(draft)
  }
  const part = { draft, change, wrong: (field: string) => faultOf(probe.error, `source.${field}`) }
  return (
    <form className={styles.form} onSubmit={test}>
      <Fields of={address} {...part} />
      <Result probe={probe} current={current} />
      <Fields of={login} {...part} />
      <Button
        type="submit"
        disabled={past}
        aria-disabled={probe.isPending}
        title={past ? 'Go live to test' : undefined}
      >
        {probe.isPending ? 'Testing…' : 'Test the broker'}
      </Button>
      <MoreOptions {...part} />
    </form>
  )
}

/** A failure stays until the next test, so that the fields do not move while it is mended. */
function Result({ probe, current }: Pick<FormProps, 'probe' | 'current'>) {
  if (probe.error !== null) return isAtField(probe) ? null : <ErrorNote error={probe.error} />
  const result = probe.data
  if (result === undefined) return null
  if (result.error !== null)
    return (
      <div className={styles.failure} role="alert">
        <p className="medium">{sentence(result.error.message)}</p>
        {result.error.hint !== null && <p className="ink2">{sentence(result.error.hint)}</p>}
      </div>
    )
  if (!current) return null
  return (
    <p className={styles.success} role="status">
      <Icon name="check" />
      <span>
        Connected. MQTT {result.version}
        {result.tls === null ? ', not encrypted' : `, ${result.tls}`}.
      </span>
    </p>
  )
}

/** A field of the form says it. */
function isAtField({ error, variables }: FormProps['probe']): boolean {
  const shown = [...address, ...login, ...moreOptions(variables ?? emptyDraft)]
  return shown.some((field) => faultOf(error, `source.${nameOf(field)}`) !== null)
}

const address: readonly Declared<Draft>[] = [
  {
    text: 'url',
    label: 'Broker',
    help: 'mqtt://, mqtts://, ws:// or wss://, with a path where it wants one.',
    placeholder: 'mqtt://broker.example:1883',
    required: true,
  },
]

const login: readonly Declared<Draft>[] = [
  { text: 'username', label: 'User' },
  {
    text: 'password',
    label: 'Password',
    help: 'Kept in the secret store, never in the settings file.',
    type: 'password',
  },
  {
    text: 'topics',
    label: 'Listen to',
    help: 'Topics; more than one with commas. # is all that you may read.',
    required: true,
  },
]
