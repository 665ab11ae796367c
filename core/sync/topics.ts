import { fillTopic } from '../config/topic-template.ts'
import type { DestinationConfig } from '../contract/calls.ts'

/** What `{type}` stands for: the value of a reading, or a message as it came. */
export const telemetryTypes = ['number', 'boolean', 'text', 'raw'] as const
export type TelemetryType = (typeof telemetryTypes)[number]

/** The topics of one destination by name, its templates filled. */
export interface Topics {
  /** Those of several types may be one. */
  readonly telemetry: Readonly<Record<TelemetryType, string>>
  readonly alerts: string
  readonly status: string
  readonly deadletter: string
}

export function topicsOf({ topics, payload }: Pick<DestinationConfig, 'topics' | 'payload'>, site: string): Topics {
  const name = (template: string, type: TelemetryType = 'raw') => fillTopic(template, { site, type })
  const telemetry = (type: TelemetryType) => name(topics.telemetry, payload === 'raw' ? 'raw' : type)
  return {
    telemetry: {
      number: telemetry('number'),
      boolean: telemetry('boolean'),
      text: telemetry('text'),
      raw: telemetry('raw'),
    },
    alerts: name(topics.alerts),
    status: name(topics.status),
    deadletter: name(topics.deadletter),
  }
}

/** Each once. The first also holds the checkpoint. */
export function telemetryTopics({ telemetry }: Topics): readonly string[] {
  return [...new Set(telemetryTypes.map((type) => telemetry[type]))]
}

/** Each once. */
export function allTopics(topics: Topics): readonly string[] {
  return [...new Set([...telemetryTopics(topics), topics.alerts, topics.status, topics.deadletter])]
}
