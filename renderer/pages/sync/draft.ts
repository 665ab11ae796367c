import type { DestinationConfig } from '../../../core/contract/calls.ts'

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
  readonly retentionHours: number
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
  retentionHours: 24 * 7,
}

/** The destination that a filled form means. The core checks it and names the field that is wrong. */
export function toDestination(draft: Draft): DestinationConfig {
  return {
    name: draft.name.trim(),
    brokers: draft.brokers
      .split(',')
      .map((broker) => broker.trim())
      .filter((broker) => broker !== ''),
    delivery: draft.delivery,
    ...trustOf(draft),
    topics: {
      telemetry: 'edge.telemetry.v1',
      alerts: 'edge.alerts.v1',
      status: 'edge.status',
      deadletter: 'edge.deadletter.v1',
    },
    filter: { topics: ['#'], exclude: [], signals: ['*'], excludeSignals: [], alerts: true },
    payload: 'envelope',
    headers: 'full',
    compression: 'gzip',
    maxBytesPerSecond: null,
    start: 'beginning',
    create: { allowed: draft.create, partitions: 4, replication: 1, retentionHours: draft.retentionHours },
    paused: false,
    required: true,
  }
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
