import type { DestinationConfig } from '../../../core/contract/calls.ts'
import type { Clock } from '../../words/time.ts'

/** What the form holds while it is filled in. */
export interface Draft {
  readonly name: string
  readonly brokers: string
  readonly delivery: DestinationConfig['delivery']
  readonly sasl: DestinationConfig['sasl']
  readonly username: string
  readonly password: string
  readonly tokenUrl: string
  readonly scope: string
  readonly tls: boolean
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly passphrase: string
  readonly create: boolean
  readonly retentionHours: string
  /** Of topics that are made; null: as many as the settings make by themselves. */
  readonly partitions: string | null
  readonly copies: string | null
  readonly telemetry: string
  readonly alertsTopic: string
  readonly status: string
  readonly deadletter: string
  readonly only: string
  readonly exclude: string
  readonly signals: string
  readonly excludeSignals: string
  readonly alerts: boolean
  readonly payload: DestinationConfig['payload']
  readonly headers: DestinationConfig['headers']
  readonly compression: DestinationConfig['compression']
  /** kB/s; empty: no bound. */
  readonly limit: string
  readonly start: 'beginning' | 'now' | 'time'
  /** "2026-11-24 14:06:12", by the plant's clock. */
  readonly startTime: string
}

export const emptyDraft: Draft = {
  name: 'central',
  brokers: '',
  delivery: 'auto',
  sasl: 'none',
  username: '',
  password: '',
  tokenUrl: '',
  scope: '',
  tls: false,
  ca: '',
  cert: '',
  key: '',
  passphrase: '',
  create: true,
  retentionHours: '168',
  partitions: null,
  copies: null,
  telemetry: 'edge.telemetry.v1',
  alertsTopic: 'edge.alerts.v1',
  status: 'edge.status',
  deadletter: 'edge.deadletter.v1',
  only: '#',
  exclude: '',
  signals: '*',
  excludeSignals: '',
  alerts: true,
  payload: 'envelope',
  headers: 'full',
  compression: 'gzip',
  limit: '',
  start: 'beginning',
  startTime: '',
}

/** The form as it was when this destination was made. What is secret stays in its store; where it began is not asked again. */
export function toDraft(of: DestinationConfig): Draft {
  const { topics, filter } = of
  return {
    ...emptyDraft,
    name: of.name,
    brokers: of.brokers.join(', '),
    delivery: of.delivery,
    sasl: of.sasl,
    username: of.username ?? '',
    tokenUrl: of.tokenUrl ?? '',
    scope: of.scope ?? '',
    tls: of.tls,
    ca: of.ca ?? '',
    cert: of.cert ?? '',
    key: of.key ?? '',
    create: of.create.allowed,
    retentionHours: String(of.create.retentionHours),
    partitions: String(of.create.partitions),
    copies: String(of.create.replication),
    telemetry: topics.telemetry,
    alertsTopic: topics.alerts,
    status: topics.status,
    deadletter: topics.deadletter,
    only: filter.topics.join(', '),
    exclude: filter.exclude.join(', '),
    signals: filter.signals.join(', '),
    excludeSignals: filter.excludeSignals.join(', '),
    alerts: filter.alerts,
    payload: of.payload,
    headers: of.headers,
    compression: of.compression,
    limit: of.maxBytesPerSecond === null ? '' : String(of.maxBytesPerSecond / 1_000),
  }
}

/** How topics are made where nobody said it. */
export type Made = Pick<DestinationConfig['create'], 'partitions' | 'replication'>

interface Context {
  readonly before: DestinationConfig | null
  readonly made: Made
  readonly clock: Clock
}

/** The destination that a filled form means. The core checks it and names the field that is wrong. */
export function toDestination(draft: Draft, { before, made, clock }: Context): DestinationConfig {
  const { payload, headers, compression } = draft
  return {
    name: draft.name.trim(),
    brokers: split(draft.brokers),
    delivery: draft.delivery,
    ...trustOf(draft),
    topics: {
      telemetry: draft.telemetry.trim(),
      alerts: draft.alertsTopic.trim(),
      status: draft.status.trim(),
      deadletter: draft.deadletter.trim(),
    },
    filter: {
      topics: split(draft.only),
      exclude: split(draft.exclude),
      signals: split(draft.signals),
      excludeSignals: split(draft.excludeSignals),
      alerts: draft.alerts,
    },
    payload,
    headers,
    compression,
    maxBytesPerSecond: draft.limit.trim() === '' ? null : Math.round(Number(draft.limit) * 1_000),
    start: before?.start ?? startOf(draft, clock),
    create: {
      allowed: draft.create,
      partitions: Number(draft.partitions ?? made.partitions),
      replication: Number(draft.copies ?? made.replication),
      retentionHours: Number(draft.retentionHours),
    },
    paused: before?.paused ?? false,
    required: before?.required ?? true,
  }
}

function split(text: string): readonly string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

/** What is no time stays as it is: the core says so. */
function startOf({ start, startTime }: Draft, clock: Clock): string {
  if (start !== 'time') return start
  const time = clock.parse(startTime)
  return time === null ? startTime.trim() : new Date(time).toISOString()
}

/** What is hidden in the form because it does not apply is not meant, whatever was typed there before. */
function trustOf({ tls, ca, cert, key, sasl, username, tokenUrl, scope }: Draft) {
  const given = (text: string, applies: boolean) => (applies && text.trim()) || null
  const tokens = sasl === 'oauthbearer'
  return {
    tls,
    ca: given(ca, tls || tokens),
    cert: given(cert, tls),
    key: given(key, tls),
    sasl,
    username: given(username, sasl !== 'none'),
    tokenUrl: given(tokenUrl, tokens),
    scope: given(scope, tokens),
  }
}

/** What goes into the secret store; what was left empty leaves there what there is. */
export function secretsOf({ name, sasl, password, cert, passphrase }: Draft) {
  const of = `destination/${name.trim()}`
  const all = [
    { name: `${of}/password`, value: sasl === 'none' ? '' : password },
    { name: `${of}/passphrase`, value: cert.trim() === '' ? '' : passphrase },
  ]
  return all.filter(({ value }) => value !== '')
}
