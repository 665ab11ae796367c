import type { DetectorInfo } from '../../../core/contract/calls.ts'
import { FieldError } from '../../../core/contract/errors.ts'
import type { Millis, Priority, Rule } from '../../../core/contract/model.ts'

/** A rule as it is typed: numbers are text, and empty is the default. */
export interface RuleDraft {
  readonly name: string
  readonly detector: string
  readonly priority: Priority
  readonly device: string
  readonly signal: string
  readonly other: string
  /** One a line. */
  readonly states: string
  readonly params: Readonly<Record<string, string>>
  readonly hold: string
  readonly clear: string
  readonly latch: boolean
  readonly enabled: boolean
}

export const emptyRule: RuleDraft = {
  ...{ name: '', detector: 'limits', priority: 2, device: '', signal: '', other: '', states: '', params: {} },
  ...{ hold: '', clear: '', latch: false, enabled: true },
}

export type Param = DetectorInfo['params'][number]

export function draftOfRule(rule: Rule, detector: DetectorInfo | undefined): RuleDraft {
  const unitOf = (name: string) => detector?.params.find((param) => param.name === name)?.unit ?? ''
  const given = Object.entries(rule.params).map(([name, value]) => [name, shown(value, unitOf(name))])
  return {
    name: rule.name,
    detector: rule.detector,
    priority: rule.priority,
    device: notAll(rule.scope.device),
    signal: notAll(rule.scope.signal),
    other: rule.other ?? '',
    states: rule.states?.join('\n') ?? '',
    params: Object.fromEntries(given),
    hold: rule.holdMs === 0 ? '' : shown(rule.holdMs, 'ms'),
    clear: rule.clearMs === 0 ? '' : shown(rule.clearMs, 'ms'),
    latch: rule.latch ?? false,
    enabled: rule.enabled,
  }
}

/**
 * The rule that a filled form means, as the next version of the one before. Throws `bad_input`, with the path of the
 * field, for what is no number; everything else the core checks.
 */
export function toRule(draft: RuleDraft, detector: DetectorInfo, before: Rule | null, taken: readonly string[]): Rule {
  const { uses, about } = detector
  const states = listOf(draft.states)
  return {
    id: before?.id ?? freeId(draft.name, taken),
    name: draft.name.trim(),
    detector: draft.detector,
    scope: {
      device: orAll(about === 'source' ? '' : draft.device),
      signal: orAll(about === 'signal' ? draft.signal : ''),
    },
    params: paramsOf(draft, detector),
    ...(uses.includes('states') && states.length > 0 ? { states } : {}),
    ...(uses.includes('other') && draft.other.trim() !== '' ? { other: draft.other.trim() } : {}),
    priority: draft.priority,
    holdMs: numberIn('holdMs', draft.hold, 'ms') ?? 0,
    clearMs: numberIn('clearMs', draft.clear, 'ms') ?? 0,
    ...(draft.latch ? { latch: true } : {}),
    enabled: draft.enabled,
    version: (before?.version ?? 0) + 1,
  }
}

function paramsOf(draft: RuleDraft, { params }: DetectorInfo): Record<string, number> {
  const given: Record<string, number> = {}
  for (const { name, unit } of params) {
    const value = numberIn(`params.${name}`, draft.params[name] ?? '', unit)
    if (value !== null) given[name] = value
  }
  return given
}

/** "pasteuriser-below-72", which no other rule has. */
function freeId(name: string, taken: readonly string[]): string {
  const plain =
    name
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
      .replaceAll(/^-|-$/g, '')
      .slice(0, 100) || 'rule'
  let id = plain
  for (let n = 2; taken.includes(id); n++) id = `${plain}-${n}`
  return id
}

const units: Readonly<Record<string, Millis>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }
const duration = /^([\d.,]+)\s*(ms|s|min|h|d)?$/

/** Of a time in words, such as "10 min", or of a number; null: nothing is typed. */
function numberIn(path: string, text: string, unit: string): number | null {
  const typed = text.trim().replace('\u2212', '-')
  if (typed === '') return null
  const [, digits = typed, of = 's'] = unit === 'ms' ? (duration.exec(typed) ?? []) : []
  const value = Number(digits.replace(',', '.')) * (unit === 'ms' ? units[of]! : 1)
  if (Number.isFinite(value)) return value
  const way = unit === 'ms' ? 'write a time such as 30 s, 10 min, 2 h or 7 d' : 'write one such as 12.5'
  throw new FieldError('bad_input', `"${text}" is not a ${unit === 'ms' ? 'time' : 'number'}; ${way}`, { path })
}

/** As it is typed: times in the largest unit in which they are whole. */
export function shown(value: number, unit: string): string {
  if (unit !== 'ms') return String(value)
  const [name, size] = Object.entries(units).findLast(([, size]) => value >= size && value % size === 0) ?? ['s', 1_000]
  return `${value / size} ${name}`
}

function listOf(text: string): string[] {
  return text
    .split('\n')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

function notAll(name: string): string {
  return name === '*' ? '' : name
}

function orAll(name: string): string {
  return name.trim() === '' ? '*' : name.trim()
}
