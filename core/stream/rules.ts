import type { Rule } from '../contract/model.ts'
import { detectors } from './detect/registry.ts'

const everything = { device: '*', signal: '*' }
const usual = { scope: everything, params: {}, holdMs: 0, clearMs: 0, enabled: true, version: 1 }

/** What is watched before a person has put a rule. A rule put under the same id takes its place. */
export const defaultRules: readonly Rule[] = [
  { ...usual, id: 'band', name: 'Usual band', detector: 'band', priority: 2 },
  { ...usual, id: 'silence', name: 'Silent device', detector: 'silence', priority: 2 },
  { ...usual, id: 'missing', name: 'Missing signal', detector: 'missing', priority: 3 },
  { ...usual, id: 'stuck', name: 'Stuck sensor', detector: 'stuck', priority: 3 },
  { ...usual, id: 'link', name: 'Lost connection', detector: 'link', priority: 2 },
  { ...usual, id: 'series-cap', name: 'Too many series', detector: 'series-cap', priority: 2 },
  { ...usual, id: 'given-up', name: 'Records given up before they were sent', detector: 'given-up', priority: 2 },
  { ...usual, id: 'clock', name: 'Wrong clock of a device', detector: 'clock', priority: 3 },
]

/** They have learned one thing of a series, and judge it once. */
const learning: ReadonlySet<string> = new Set(['band', 'stuck', 'relation', 'share', 'rare-event'])

/** They learn the same of a series. */
function isOfOne(a: Rule, b: Rule): boolean {
  return a.other === b.other && (a.detector !== 'share' || a.states?.join('\n') === b.states?.join('\n'))
}

/** Rules that look at a signal of a device: every one, but of those that learn the same only the most exact. */
export function rulesFor(rules: readonly Rule[], device: string, signal: string): readonly Rule[] {
  const fitting = rules.filter((rule) => detectors.get(rule.detector)?.step !== undefined && fits(rule, device, signal))
  return fitting.filter(
    (rule) =>
      rule.enabled &&
      (!learning.has(rule.detector) ||
        rule ===
          mostExact(
            fitting.filter((each) => isOfOne(each, rule)),
            rule.detector,
          )),
  )
}

/** The rule of a detector that does not judge readings; null when there is none, or it is switched off. */
export function ruleFor(
  rules: readonly Rule[],
  detector: string,
  device: string,
  signal: string | null = null,
): Rule | null {
  const rule = mostExact(
    rules.filter((each) => fits(each, device, signal)),
    detector,
  )
  return rule?.enabled ? rule : null
}

export function fits(rule: Rule, device: string, signal: string | null): boolean {
  const { scope } = rule
  return (
    (scope.device === '*' || scope.device === device) &&
    (signal === null || scope.signal === '*' || scope.signal === signal)
  )
}

/** A named device counts more than a named signal; of equals, the one put last. */
function mostExact(rules: readonly Rule[], detector: string): Rule | null {
  let best: Rule | null = null
  for (const rule of rules)
    if (rule.detector === detector && (best === null || exactness(rule) >= exactness(best))) best = rule
  return best
}

/** It does not look at everything. */
export function isExact(rule: Rule): boolean {
  return exactness(rule) > 0
}

function exactness({ scope }: Rule): number {
  return (scope.device === '*' ? 0 : 2) + (scope.signal === '*' ? 0 : 1)
}
