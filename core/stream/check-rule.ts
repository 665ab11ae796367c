import { FieldError } from '../contract/errors.ts'
import type { Rule } from '../contract/model.ts'
import { detectors } from './detect/registry.ts'

/** Throws `bad_input` for a rule that would do nothing, or other than it says, beside the rules that hold already. */
export function checkRule(rule: Rule, held: readonly Rule[]): void {
  const detector = detectors.get(rule.detector)
  if (detector === undefined)
    throw refused(rule, 'detector', `"${rule.detector}" is not known`, `there is: ${[...detectors.keys()].join(', ')}`)
  for (const [name, value] of Object.entries(rule.params)) {
    const param = detector.params.find((each) => each.name === name)
    const names = detector.params.map((each) => each.name).join(', ') || 'none'
    if (param === undefined)
      throw refused(rule, `params.${name}`, `${rule.detector} has no such one`, `it has: ${names}`)
    if (value > (param.most ?? Infinity))
      throw refused(rule, `params.${name}`, `${value} is too many`, `at most ${param.most}`)
    if (value < (param.least ?? -Infinity))
      throw refused(rule, `params.${name}`, `${value} is too few`, `at least ${param.least}`)
  }
  checks[rule.detector]?.(rule, held)
}

/** What would never open, or always be open. */
const checks: Readonly<Record<string, (rule: Rule, held: readonly Rule[]) => void>> = {
  limits: (rule) => {
    needsOne(rule, 'low', 'high')
    needsOrder(rule)
  },
  count: needsOrder,
  rate: (rule) => needsOne(rule, 'rise', 'fall'),
  'forbidden-state': (rule) => {
    if (rule.params.state === undefined && (rule.states ?? []).length === 0)
      throw refused(rule, 'states', 'none is named', 'name the states that are forbidden')
  },
  share: (rule) => {
    if ((rule.states ?? []).length === 0)
      throw refused(rule, 'states', 'none is named', 'name the state, and those that it is a share of')
  },
  relation: checkRelation,
}

function needsOne(rule: Rule, one: string, other: string): void {
  if (rule.params[one] === undefined && rule.params[other] === undefined)
    throw refused(rule, `params.${one}`, 'is missing', `give ${one} or ${other}, or both`)
}

function needsOrder(rule: Rule): void {
  const { low = -Infinity, high = Infinity } = rule.params
  if (low > high) throw refused(rule, 'params.low', `${low} is above high (${high})`, 'give a low one that is below it')
}

/** One line is learned of two signals. */
function checkRelation(rule: Rule, held: readonly Rule[]): void {
  if (rule.other === undefined)
    throw refused(rule, 'other', 'is missing', 'name the signal of the same device that it is compared with')
  const { device, signal } = rule.scope
  if (rule.other === signal)
    throw refused(rule, 'other', `"${signal}" is the signal itself`, 'name another one of the device')
  const before = held.find(
    ({ id, detector, enabled, scope, other }) =>
      id !== rule.id &&
      enabled &&
      detector === 'relation' &&
      other === rule.other &&
      scope.device === device &&
      scope.signal === signal,
  )
  if (before !== undefined && rule.enabled)
    throw refused(rule, 'scope', `rule "${before.id}" compares these two already`, 'delete that one, or change it')
}

function refused({ id }: Rule, path: string, what: string, way: string): FieldError {
  return new FieldError('bad_input', `rule "${id}": ${path}: ${what}; ${way}`, { path })
}
