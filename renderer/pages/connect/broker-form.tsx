import type { UseMutationResult } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import type { ProbeResult } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { TextField } from '../../parts/field.tsx'
import { Icon } from '../../parts/icon.tsx'
import { faultOf } from '../../words/fault.ts'
import { sentence } from '../../words/sentence.ts'
import styles from './connect.module.css'
import type { Draft } from './draft.ts'
import { MoreOptions } from './more-options.tsx'

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
  return (
    <form className={styles.form} onSubmit={test}>
      <TextField
        label="Broker"
        help="mqtt://, mqtts://, ws:// or wss://, with a path where it wants one."
        placeholder="mqtt://broker.example:1883"
        required
        value={draft.url}
        wrong={faultOf(probe.error, 'source.url')}
        onChange={(url) => change({ url })}
      />
      <Result probe={probe} current={current} />
      <TextField label="User" value={draft.username} onChange={(username) => change({ username })} />
      <TextField
        label="Password"
        help="Kept in the secret store, never in the settings file."
        type="password"
        value={draft.password}
        onChange={(password) => change({ password })}
      />
      <TextField
        label="Listen to"
        help="Topics; more than one with commas. # is all that you may read."
        required
        value={draft.topics}
        wrong={faultOf(probe.error, 'source.topics')}
        onChange={(topics) => change({ topics })}
      />
      <Button
        type="submit"
        disabled={past}
        aria-disabled={probe.isPending}
        title={past ? 'Go live to test' : undefined}
      >
        {probe.isPending ? 'Testing…' : 'Test the broker'}
      </Button>
      <MoreOptions draft={draft} change={change} wrong={(field) => faultOf(probe.error, field)} />
    </form>
  )
}

/** A failure stays until the next test, so that the fields do not move while it is mended. */
function Result({ probe, current }: Pick<FormProps, 'probe' | 'current'>) {
  if (probe.error !== null) return named(probe.error) ? null : <ErrorNote error={probe.error} />
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

const fields = [
  'source.url',
  'source.topics',
  'source.exclude',
  'source.dropQos0',
  'source.ca',
  'source.cert',
  'source.key',
  'source.serverName',
  'source.alpn',
  'source.announce.topic',
  'source.clientId',
  'source.name',
] as const
export type NamedField = (typeof fields)[number]

function named(error: Error): boolean {
  return fields.some((field) => faultOf(error, field) !== null)
}
