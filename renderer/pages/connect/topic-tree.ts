import type { ProbeResult } from '../../../core/contract/calls.ts'

type Heard = ProbeResult['topics'][number]

/** One level of the tree of topics, with what is below it added up. */
export interface Level {
  readonly path: string
  readonly name: string
  readonly depth: number
  readonly messages: number
  readonly topics: number
  readonly children: readonly Level[]
  readonly heard: Heard | null
}

interface Growing {
  path: string
  name: string
  depth: number
  messages: number
  topics: number
  children: Map<string, Growing>
  heard: Heard | null
}

/** Topics as a tree of their levels, in alphabetical order. */
export function topicTree(topics: readonly Heard[]): readonly Level[] {
  const root = level('', '', -1)
  for (const topic of topics) grow(root, topic)
  return sorted(root)
}

/** The rows in sight: every level whose parents are all open. */
export function openRows(levels: readonly Level[], closed: ReadonlySet<string>): readonly Level[] {
  return levels.flatMap((level) => [level, ...(closed.has(level.path) ? [] : openRows(level.children, closed))])
}

function grow(root: Growing, topic: Heard): void {
  let at = root
  for (const name of topic.name.split('/')) {
    const path = at.depth < 0 ? name : `${at.path}/${name}`
    const next = at.children.get(name) ?? level(path, name, at.depth + 1)
    at.children.set(name, next)
    next.messages += topic.messages
    next.topics += 1
    at = next
  }
  at.heard = topic
}

function level(path: string, name: string, depth: number): Growing {
  return { path, name, depth, messages: 0, topics: 0, children: new Map(), heard: null }
}

function sorted(at: Growing): readonly Level[] {
  return [...at.children.values()]
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
    .map((child) => ({ ...child, children: sorted(child) }))
}

export interface FoundDevice {
  readonly device: string
  readonly topic: string
  readonly signals: readonly {
    readonly signal: string
    readonly unit: string | null
    readonly value: number | string | boolean
  }[]
}

/** Devices and signals in what was heard, with the newest value of each. */
export function foundDevices(topics: readonly Heard[]): readonly FoundDevice[] {
  const devices = new Map<string, { topic: string; signals: Map<string, FoundDevice['signals'][number]> }>()
  for (const topic of topics)
    for (const reading of topic.readings) {
      const device = devices.get(reading.device) ?? { topic: topic.name, signals: new Map() }
      devices.set(reading.device, device)
      device.signals.set(reading.signal, { signal: reading.signal, unit: reading.unit, value: reading.value })
    }
  return [...devices]
    .map(([device, found]) => ({ device, topic: found.topic, signals: [...found.signals.values()] }))
    .sort((a, b) => a.device.localeCompare(b.device, 'en', { numeric: true }))
}
