import { useState } from 'react'
import type { SourceConfig } from '../../../core/contract/calls.ts'

/** What the broker form holds while it is filled in. */
export interface Draft {
  readonly name: string
  readonly url: string
  readonly username: string
  readonly password: string
  readonly topics: string
  readonly exclude: string
  readonly dropQos0: string
  readonly qos: '0' | '1' | '2'
  readonly version: SourceConfig['version']
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly passphrase: string
  readonly serverName: string
  readonly alpn: string
  readonly announce: string
  readonly announceRetained: boolean
  readonly rebirth: boolean
  readonly clientId: string
}

export const emptyDraft: Draft = {
  name: '',
  url: '',
  username: '',
  password: '',
  topics: '#',
  exclude: '',
  dropQos0: '',
  qos: '1',
  version: 'auto',
  ca: '',
  cert: '',
  key: '',
  passphrase: '',
  serverName: '',
  alpn: '',
  announce: '',
  announceRetained: true,
  rebirth: false,
  clientId: '',
}

const kept = 'fieldwatch.source-draft'

/** The draft, kept through errors and reloads; what is secret only while the page is open. */
export function useDraft(): [Draft, (part: Partial<Draft>) => void] {
  const [draft, setDraft] = useState<Draft>(() => ({
    ...emptyDraft,
    ...JSON.parse(sessionStorage.getItem(kept) ?? '{}'),
  }))
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part }
    setDraft(next)
    sessionStorage.setItem(kept, JSON.stringify({ ...next, password: '', passphrase: '' }))
  }
  return [draft, change]
}

/** Empties the form for the next visit. */
export function forgetDraft(): void {
  sessionStorage.removeItem(kept)
}

/** A test does not ask the broker about these. */
const unasked: readonly (keyof Draft)[] = [
  'name',
  'exclude',
  'dropQos0',
  'announce',
  'announceRetained',
  'rebirth',
  'clientId',
]
const asked = (Object.keys(emptyDraft) as (keyof Draft)[]).filter((key) => !unasked.includes(key))

/** True while a test of `tested` still speaks for what the form holds. */
export function speaksFor(tested: Draft | undefined, draft: Draft): boolean {
  return tested !== undefined && asked.every((key) => tested[key] === draft[key])
}

/** The source that a filled form means. The core checks it and names the field that is wrong. */
export function toSource(draft: Draft, others: readonly SourceConfig[]): SourceConfig {
  const url = draft.url.trim()
  const announce = orNull(draft.announce)
  return {
    name: draft.name.trim() || freeName(url, others),
    url,
    topics: split(draft.topics),
    exclude: split(draft.exclude),
    qos: Number(draft.qos) as 0 | 1 | 2, // the form offers these three
    version: draft.version,
    username: orNull(draft.username),
    ca: orNull(draft.ca),
    cert: orNull(draft.cert),
    key: orNull(draft.key),
    serverName: orNull(draft.serverName),
    alpn: orNull(draft.alpn),
    announce: announce === null ? null : { topic: announce, retained: draft.announceRetained },
    rebirth: draft.rebirth,
    clientId: orNull(draft.clientId),
    dropQos0: split(draft.dropQos0),
  }
}

/** What was typed and does not belong into the settings. */
export function secretsOf(draft: Draft, source: string): { readonly name: string; readonly value: string }[] {
  return (['password', 'passphrase'] as const)
    .filter((secret) => draft[secret] !== '')
    .map((secret) => ({ name: `source/${source}/${secret}`, value: draft[secret] }))
}

/** The form as it was when this source was made. */
export function toDraft(source: SourceConfig): Draft {
  return {
    name: source.name,
    url: source.url,
    username: source.username ?? '',
    password: '',
    topics: source.topics.join(', '),
    exclude: source.exclude.join(', '),
    dropQos0: source.dropQos0.join(', '),
    qos: String(source.qos) as Draft['qos'], // 0, 1 or 2 by contract
    version: source.version,
    ca: source.ca ?? '',
    cert: source.cert ?? '',
    key: source.key ?? '',
    passphrase: '',
    serverName: source.serverName ?? '',
    alpn: source.alpn ?? '',
    announce: source.announce?.topic ?? '',
    announceRetained: source.announce?.retained ?? true,
    rebirth: source.rebirth,
    clientId: source.clientId ?? '',
  }
}

/** "mqtts://broker.plant-a.example:8883" -> "broker.plant-a.example" */
export function nameFrom(url: string): string {
  return /^[a-z]+:\/\/(?:[^@/]*@)?([^:/]+)/i.exec(url)?.[1] ?? 'broker'
}

/** Two brokers on one machine are two sources; the same address again is the same one. */
function freeName(url: string, others: readonly SourceConfig[]): string {
  const name = nameFrom(url)
  const isFree = (tried: string) => others.every((other) => other.name !== tried || other.url === url)
  let tried = name
  for (let n = 2; !isFree(tried); n++) tried = `${name}-${n}`
  return tried
}

function orNull(text: string): string | null {
  return text.trim() || null
}

function split(text: string): readonly string[] {
  return text
    .split(/[\s,]+/)
    .map((topic) => topic.trim())
    .filter((topic) => topic !== '')
}
