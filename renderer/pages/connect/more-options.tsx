import { useState } from 'react'
import { ChoiceField, SwitchField, TextField } from '../../parts/field.tsx'
import type { NamedField } from './broker-form.tsx'
import styles from './connect.module.css'
import { type Draft, emptyDraft, nameFrom } from './draft.ts'

interface MoreOptionsProps {
  readonly draft: Draft
  readonly change: (part: Partial<Draft>) => void
  readonly wrong: (field: NamedField) => string | null
}

/** What most brokers do not ask for. It is open from the start when something in it is set. */
export function MoreOptions({ draft, change, wrong }: MoreOptionsProps) {
  const [open] = useState(() => isSet(draft))
  const text = (key: TextKey, field: NamedField) => ({
    value: draft[key],
    wrong: wrong(field),
    onChange: (value: string) => change({ [key]: value }),
  })
  return (
    <details className={styles.rest} open={open}>
      <summary>More options</summary>
      <TextField
        label="Leave out"
        help="Topics that are received and counted, and not kept; more than one with commas."
        {...text('exclude', 'source.exclude')}
      />
      <TextField
        label="May be dropped"
        help="QoS 0 topics whose oldest messages go when the disk takes nothing and the queue is full; empty: none."
        {...text('dropQos0', 'source.dropQos0')}
      />
      <ChoiceField
        label="Quality of service"
        help="With 1 or 2 the broker hears “received” only after the message is on this disk."
        value={draft.qos}
        choices={qualities}
        onChange={(qos) => change({ qos })}
      />
      <ChoiceField
        label="MQTT version"
        value={draft.version}
        choices={versions}
        onChange={(version) => change({ version })}
      />
      <TextField
        label="CA file"
        help="Path of a PEM file; empty: the certificates of the system."
        {...text('ca', 'source.ca')}
      />
      <TextField
        label="Client certificate"
        help="Path of a PEM file, where the broker asks for one."
        {...text('cert', 'source.cert')}
      />
      <TextField label="Its key" help="Path of a PEM file." {...text('key', 'source.key')} />
      <TextField
        label="Passphrase of the key"
        help="Kept in the secret store, never in the settings file."
        type="password"
        value={draft.passphrase}
        onChange={(passphrase) => change({ passphrase })}
      />
      <TextField
        label="Server name"
        help="The name in the broker’s certificate, where it is not that of the address."
        {...text('serverName', 'source.serverName')}
      />
      <TextField
        label="ALPN"
        help="A protocol name that some cloud brokers ask for on port 443."
        {...text('alpn', 'source.alpn')}
      />
      <TextField
        label="Announce on"
        help="A topic on which others read whether this app is online; empty: nothing is published."
        {...text('announce', 'source.announce.topic')}
      />
      {draft.announce.trim() !== '' && (
        <SwitchField
          label="Keep the announcement"
          help="The broker keeps the last one for who comes later (retained)."
          on={draft.announceRetained}
          onChange={(announceRetained) => change({ announceRetained })}
        />
      )}
      <SwitchField
        label="Ask for Sparkplug births"
        help="When an alias is not known, its edge node is told to say again what it means (NCMD). Off: nothing is published."
        on={draft.rebirth}
        onChange={(rebirth) => change({ rebirth })}
      />
      <TextField
        label="Client id"
        help="Empty: one is made once and kept. No other program may use the same."
        {...text('clientId', 'source.clientId')}
      />
      <TextField
        label="Name"
        help="How this app calls it."
        placeholder={nameFrom(draft.url)}
        {...text('name', 'source.name')}
      />
    </details>
  )
}

type TextKey = 'exclude' | 'dropQos0' | 'ca' | 'cert' | 'key' | 'serverName' | 'alpn' | 'announce' | 'clientId' | 'name'

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
