import { useState } from 'react'
import { type Declared, type DraftProps, Fields } from '../../parts/fields.tsx'
import styles from './connect.module.css'
import { type Draft, emptyDraft, nameFrom } from './draft.ts'

/** What most brokers do not ask for. It is open from the start when something in it is set. */
export function MoreOptions(props: DraftProps<Draft>) {
  const [open] = useState(() => isSet(props.draft))
  return (
    <details className={styles.rest} open={open}>
      <summary>More options</summary>
      <Fields of={moreOptions(props.draft)} {...props} />
    </details>
  )
}

export function moreOptions({ announce, url }: Draft): readonly Declared<Draft>[] {
  const announced: Declared<Draft> = {
    on: 'announceRetained',
    label: 'Keep the announcement',
    help: 'The broker keeps the last one for who comes later (retained).',
  }
  return [
    {
      text: 'exclude',
      label: 'Leave out',
      help: 'Topics that are received and counted, and not kept; more than one with commas.',
    },
    {
      text: 'dropQos0',
      label: 'May be dropped',
      help: 'QoS 0 topics whose oldest messages go when the disk takes nothing and the queue is full; empty: none.',
    },
    {
      choice: 'qos',
      choices: qualities,
      label: 'Quality of service',
      help: 'With 1 or 2 the broker hears “received” only after the message is on this disk.',
    },
    { choice: 'version', choices: versions, label: 'MQTT version' },
    { text: 'ca', label: 'CA file', help: 'Path of a PEM file; empty: the certificates of the system.' },
    { text: 'cert', label: 'Client certificate', help: 'Path of a PEM file, where the broker asks for one.' },
    { text: 'key', label: 'Its key', help: 'Path of a PEM file.' },
    {
      text: 'passphrase',
      label: 'Passphrase of the key',
      help: 'Kept in the secret store, never in the settings file.',
      type: 'password',
    },
    {
      text: 'serverName',
      label: 'Server name',
      help: 'The name in the broker’s certificate, where it is not that of the address.',
    },
    { text: 'alpn', label: 'ALPN', help: 'A protocol name that some cloud brokers ask for on port 443.' },
    {
      text: 'announce',
      named: 'announce.topic',
      label: 'Announce on',
      help: 'A topic on which others read whether this app is online; empty: nothing is published.',
    },
    ...(announce.trim() === '' ? [] : [announced]),
    {
      on: 'rebirth',
      label: 'Ask for Sparkplug births',
      help: 'When an alias is not known, its edge node is told to say again what it means (NCMD). Off: nothing is published.',
    },
    {
      text: 'clientId',
      label: 'Client id',
      help: 'Empty: one is made once and kept. No other program may use the same.',
    },
    { text: 'name', label: 'Name', help: 'How this app calls it.', placeholder: nameFrom(url) },
  ]
}

const always: readonly (keyof Draft)[] = ['url', 'username', 'password', 'topics']

function isSet(draft: Draft): boolean {
  return (Object.keys(emptyDraft) as (keyof Draft)[]).some(
    (key) => !always.includes(key) && draft[key] !== emptyDraft[key],
  )
}

const qualities = [
  { value: '1', label: '1, at least once' },
  { value: '2', label: '2, exactly once' },
  { value: '0', label: '0, what is lost on the way cannot be known' },
] as const

const versions = [
  { value: 'auto', label: '5 where the broker speaks it, else 3.1.1' },
  { value: '5', label: '5' },
  { value: '3.1.1', label: '3.1.1' },
] as const
