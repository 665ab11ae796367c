import type { DestinationConfig } from '../../../core/contract/calls.ts'

/** What the form holds while it is filled in. */
export interface Draft {
  readonly name: string
  readonly brokers: string
  readonly delivery: DestinationConfig['delivery']
  readonly sasl: DestinationConfig['sasl']
  readonly username: string
  readonly password: string
  readonly tls: boolean
  readonly ca: string
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
  tls: false,
  ca: '',
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
    tls: draft.tls,
    ca: draft.ca.trim() || null,
    sasl: draft.sasl,
    username: draft.username.trim() || null,
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
