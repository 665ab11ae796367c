import type { DestinationConfig } from '../../../core/contract/calls.ts'

/** A destination with topics of its own, so that tests share one broker. */
export function destinationAt(address: string, name: string, more: Partial<DestinationConfig> = {}): DestinationConfig {
  return {
    name,
    brokers: [address],
    delivery: 'auto',
    tls: false,
    ca: null,
    cert: null,
    key: null,
    sasl: 'none',
    username: null,
    tokenUrl: null,
    scope: null,
    topics: {
      telemetry: `${name}.telemetry`,
      alerts: `${name}.alerts`,
      status: `${name}.status`,
      deadletter: `${name}.deadletter`,
    },
    filter: { topics: ['#'], exclude: [], signals: ['*'], excludeSignals: [], alerts: true },
    payload: 'envelope',
    headers: 'full',
    compression: 'gzip',
    maxBytesPerSecond: null,
    start: 'beginning',
    create: { allowed: true, partitions: 4, replication: 1, retentionHours: -1 },
    paused: false,
    required: true,
    ...more,
  }
}
