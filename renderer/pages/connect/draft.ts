import { useState } from 'react'
import type { SourceConfig } from '../../../core/contract/calls.ts'

/** What the broker form holds while it is filled in. */
export interface Draft {
  readonly name: string
  readonly url: string
  readonly username: string
  readonly password: string
  readonly ca: string
  readonly topics: string
  readonly qos: '0' | '1' | '2'
}

export const emptyDraft: Draft = { name: '', url: '', username: '', password: '', ca: '', topics: '#', qos: '1' }

const kept = 'fieldwatch.source-draft'

/** The draft, kept through errors and reloads; the password only while the page is open. */
export function useDraft(): [Draft, (part: Partial<Draft>) => void] {
  const [draft, setDraft] = useState<Draft>(() => ({
    ...emptyDraft,
    ...JSON.parse(sessionStorage.getItem(kept) ?? '{}'),
  }))
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part }
    setDraft(next)
    sessionStorage.setItem(kept, JSON.stringify({ ...next, password: '' }))
  }
  return [draft, change]
}

/** Empties the form for the next visit. */
export function forgetDraft(): void {
  sessionStorage.removeItem(kept)
}

const asked = ['url', 'username', 'password', 'ca', 'topics', 'qos'] as const

/** True while a test of `tested` still speaks for what the form holds. */
export function speaksFor(tested: Draft | undefined, draft: Draft): boolean {
  return tested !== undefined && asked.every((key) => tested[key] === draft[key])
}

/** The source that a filled form means. The core checks it and names the field that is wrong. */
export function toSource(draft: Draft, others: readonly SourceConfig[]): SourceConfig {
  const url = draft.url.trim()
  return {
    name: draft.name.trim() || freeName(url, others),
    url,
    topics: split(draft.topics),
    qos: Number(draft.qos) as 0 | 1 | 2, // the form offers these three
    version: 'auto',
    username: draft.username.trim() || null,
    ca: draft.ca.trim() || null,
    clientId: null,
    dropQos0: [],
  }
}

/** The form as it was when this source was made. */
export function toDraft(source: SourceConfig): Draft {
  return {
    name: source.name,
    url: source.url,
    username: source.username ?? '',
    password: '',
    ca: source.ca ?? '',
    topics: source.topics.join(', '),
    qos: String(source.qos) as Draft['qos'], // 0, 1 or 2 by contract
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

function split(text: string): readonly string[] {
  return text
    .split(/[\s,]+/)
    .map((topic) => topic.trim())
    .filter((topic) => topic !== '')
}
