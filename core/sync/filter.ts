import type { DestinationConfig } from '../contract/calls.ts'
import { matchesFilter } from '../stream/decode/mapping.ts'

/** What one destination is sent. */
export interface Filter {
  /** Whether messages of this MQTT topic go. */
  takesTopic(topic: string): boolean
  takesSignal(signal: string): boolean
  /** `topic` is where its signal or its device was first heard; null: it is about a whole source. */
  takesAlert(topic: string | null, signal: string | null): boolean
  /** No signal is left out, so what has none goes, too. */
  readonly allSignals: boolean
}

export function filterOf(filter: DestinationConfig['filter']): Filter {
  const takesTopic = remembered(
    (topic) =>
      filter.topics.some((one) => matchesFilter(one, topic)) &&
      !filter.exclude.some((one) => matchesFilter(one, topic)),
  )
  const [wanted, unwanted] = [filter.signals.map(patternOf), filter.excludeSignals.map(patternOf)]
  const takesSignal = remembered(
    (signal) => wanted.some((one) => one.test(signal)) && !unwanted.some((one) => one.test(signal)),
  )
  const allTopics = filter.topics.includes('#') && filter.exclude.length === 0
  return {
    takesTopic,
    takesSignal,
    takesAlert: (topic, signal) =>
      filter.alerts && (topic === null ? allTopics : takesTopic(topic)) && (signal === null || takesSignal(signal)),
    allSignals: filter.signals.includes('*') && filter.excludeSignals.length === 0,
  }
}

/** `*` stands for any characters, everything else for itself. */
function patternOf(pattern: string): RegExp {
  const literal = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${literal.join('.*')}$`, 's')
}

const maxRemembered = 10_000

/** Each name is judged once; a plant has few, and where it has many they are forgotten together. */
function remembered(judge: (name: string) => boolean): (name: string) => boolean {
  const known = new Map<string, boolean>()
  return (name) => {
    const before = known.get(name)
    if (before !== undefined) return before
    if (known.size >= maxRemembered) known.clear()
    const verdict = judge(name)
    known.set(name, verdict)
    return verdict
  }
}
