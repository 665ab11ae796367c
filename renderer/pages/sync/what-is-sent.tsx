import { useState } from 'react'
import { ChoiceField, SwitchField, TextField } from '../../parts/field.tsx'
import { useClock } from '../../use-core.ts'
import type { PartProps } from './destination-form.tsx'
import { type Draft, emptyDraft } from './draft.ts'
import styles from './sync.module.css'

/** What goes of what the log holds, in which form and how fast. It is open from the start when something in it is set. */
export function WhatIsSent({ isNew, ...part }: PartProps & { readonly isNew: boolean }) {
  const [open] = useState(() => fields.some((field) => part.draft[field] !== emptyDraft[field]))
  const text = (key: TextKey, field: string) => ({
    value: part.draft[key],
    wrong: part.wrong(field),
    onChange: (value: string) => part.change({ [key]: value }),
  })
  return (
    <details className={styles.more} open={open}>
      <summary>What is sent, and how</summary>
      <div className={styles.fields}>
        {isNew && <Start {...part} />}
        <Filter {...part} text={text} />
        <Form {...part} text={text} />
        <Names text={text} />
      </div>
    </details>
  )
}

type Text = (
  key: TextKey,
  field: string,
) => Pick<React.ComponentProps<typeof TextField>, 'value' | 'wrong' | 'onChange'>
interface TextProps {
  readonly text: Text
}

function Start({ draft, change, wrong }: PartProps) {
  const clock = useClock()
  return (
    <>
      <ChoiceField
        label="Begin with"
        help="Looked at once, when it is added."
        value={draft.start}
        choices={starts}
        onChange={(start) => change({ start })}
      />
      {draft.start === 'time' ? (
        <TextField
          label="Time"
          help={`By the plant’s clock, ${clock.zone}.`}
          placeholder={clock.field(Date.now() - 86_400_000)}
          required
          value={draft.startTime}
          wrong={wrong('start')}
          onChange={(startTime) => change({ startTime })}
        />
      ) : (
        <span />
      )}
    </>
  )
}

function Filter({ draft, change, text }: PartProps & TextProps) {
  return (
    <>
      <TextField
        label="MQTT topics"
        help="With commas; # is all, + one level."
        required
        {...text('only', 'filter.topics')}
      />
      <TextField
        label="Leave out topics"
        help="Of these; their messages stay here."
        {...text('exclude', 'filter.exclude')}
      />
      <TextField
        label="Signals"
        help="By name, with commas; * is any characters."
        required
        {...text('signals', 'filter.signals')}
      />
      <TextField
        label="Leave out signals"
        help="Of these, by name."
        {...text('excludeSignals', 'filter.excludeSignals')}
      />
      <SwitchField
        label="Alerts, too"
        help="Those of what is sent."
        on={draft.alerts}
        onChange={(alerts) => change({ alerts })}
      />
    </>
  )
}

function Form({ draft, change, text }: PartProps & TextProps) {
  return (
    <>
      <ChoiceField
        label="Messages go as"
        help="Engines read the first without code of yours."
        value={draft.payload}
        choices={payloads}
        onChange={(payload) => change({ payload })}
      />
      <ChoiceField
        label="Headers"
        help="Few bytes, or what CloudEvents has."
        value={draft.headers}
        choices={headers}
        onChange={(headers) => change({ headers })}
      />
      <ChoiceField
        label="Packing"
        help="zstd needs Kafka 2.1 or newer."
        value={draft.compression}
        choices={packings}
        onChange={(compression) => change({ compression })}
      />
      <TextField
        label="At most, kB a second"
        help="Over time, all that goes out counted; empty: no bound."
        inputMode="decimal"
        {...text('limit', 'maxBytesPerSecond')}
      />
    </>
  )
}

function Names({ text }: TextProps) {
  return (
    <>
      <TextField
        label="Topic of readings"
        help="{site} is the plant, {type} number, boolean, text or raw."
        required
        {...text('telemetry', 'topics.telemetry')}
      />
      <TextField
        label="Topic of alerts"
        help="{site} is the plant."
        required
        {...text('alertsTopic', 'topics.alerts')}
      />
      <TextField
        label="Topic of status"
        help="How this installation is."
        required
        {...text('status', 'topics.status')}
      />
      <TextField
        label="Topic of what is refused"
        help="What the cluster does not take."
        required
        {...text('deadletter', 'topics.deadletter')}
      />
    </>
  )
}

const texts = [
  'only',
  'exclude',
  'signals',
  'excludeSignals',
  'limit',
  'telemetry',
  'alertsTopic',
  'status',
  'deadletter',
] as const
type TextKey = (typeof texts)[number]
const fields: readonly (keyof Draft)[] = [...texts, 'alerts', 'payload', 'headers', 'compression', 'start']

const starts = [
  { value: 'beginning', label: 'all that is kept' },
  { value: 'now', label: 'what comes from now on' },
  { value: 'time', label: 'what came since…' },
] as const
const payloads = [
  { value: 'envelope', label: 'JSON, one for each reading' },
  { value: 'raw', label: 'they are, byte for byte' },
] as const
const headers = [
  { value: 'full', label: 'full' },
  { value: 'minimal', label: 'minimal' },
] as const
const packings = [
  { value: 'gzip', label: 'gzip' },
  { value: 'zstd', label: 'zstd' },
  { value: 'none', label: 'none' },
] as const
