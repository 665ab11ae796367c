import { useState } from 'react'
import { type Declared, type DraftProps, Fields, keyOf } from '../../parts/fields.tsx'
import { useClock } from '../../use-core.ts'
import type { Clock } from '../../words/time.ts'
import { type Draft, emptyDraft } from './draft.ts'
import styles from './sync.module.css'

/** What goes of what the log holds, in which form and how fast. It is open from the start when something in it is set. */
export function WhatIsSent({ isNew, ...part }: DraftProps<Draft> & { readonly isNew: boolean }) {
  const [open] = useState(() => mayBeSet.some((key) => part.draft[key] !== emptyDraft[key]))
  const clock = useClock()
  return (
    <details className={styles.more} open={open}>
      <summary>What is sent, and how</summary>
      <div className={styles.fields}>
        {isNew && <Fields of={start(part.draft, clock)} {...part} />}
        {isNew && part.draft.start !== 'time' && <span />}
        <Fields of={sent} {...part} />
      </div>
    </details>
  )
}

function start(draft: Draft, clock: Clock): readonly Declared<Draft>[] {
  const time: Declared<Draft> = {
    text: 'startTime',
    named: 'start',
    label: 'Time',
    help: `By the plant’s clock, ${clock.zone}.`,
    placeholder: clock.field(Date.now() - 86_400_000),
    required: true,
  }
  const from: Declared<Draft> = {
    choice: 'start',
    choices: starts,
    label: 'Begin with',
    help: 'Looked at once, when it is added.',
  }
  return draft.start === 'time' ? [from, time] : [from]
}

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

const sent: readonly Declared<Draft>[] = [
  {
    text: 'only',
    named: 'filter.topics',
    label: 'MQTT topics',
    help: 'With commas; # is all, + one level.',
    required: true,
  },
  {
    text: 'exclude',
    named: 'filter.exclude',
    label: 'Leave out topics',
    help: 'Of these; their messages stay here.',
  },
  {
    text: 'signals',
    named: 'filter.signals',
    label: 'Signals',
    help: 'By name, with commas; * is any characters.',
    required: true,
  },
  { text: 'excludeSignals', named: 'filter.excludeSignals', label: 'Leave out signals', help: 'Of these, by name.' },
  { on: 'alerts', label: 'Alerts, too', help: 'Those of what is sent.' },
  {
    choice: 'payload',
    choices: payloads,
    label: 'Messages go as',
    help: 'Engines read the first without code of yours.',
  },
  { choice: 'headers', choices: headers, label: 'Headers', help: 'Few bytes, or what CloudEvents has.' },
  { choice: 'compression', choices: packings, label: 'Packing', help: 'zstd needs Kafka 2.1 or newer.' },
  {
    text: 'limit',
    named: 'maxBytesPerSecond',
    label: 'At most, kB a second',
    help: 'Over time, all that goes out counted; empty: no bound.',
    inputMode: 'decimal',
  },
  {
    text: 'telemetry',
    named: 'topics.telemetry',
    label: 'Topic of readings',
    help: '{site} is the plant, {type} number, boolean, text or raw.',
    required: true,
  },
  {
    text: 'alertsTopic',
    named: 'topics.alerts',
    label: 'Topic of alerts',
    help: '{site} is the plant.',
    required: true,
  },
  {
    text: 'status',
    named: 'topics.status',
    label: 'Topic of status',
    help: 'How this installation is.',
    required: true,
  },
  {
    text: 'deadletter',
    named: 'topics.deadletter',
    label: 'Topic of what is refused',
    help: 'What the cluster does not take.',
    required: true,
  },
]

const mayBeSet = [...sent.map(keyOf), 'start'] as const
