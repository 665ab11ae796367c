import type { Rule } from '../../core/contract/model.ts'

/** A limit of a person for every signal, with no delays; `more` is what a test wants otherwise. */
export function hotRule(high: number, more: Partial<Rule> = {}): Rule {
  return {
    id: 'hot',
    name: 'Too hot',
    detector: 'limits',
    scope: { device: '*', signal: '*' },
    params: { high },
    priority: 2,
    holdMs: 0,
    clearMs: 0,
    enabled: true,
    version: 1,
    ...more,
  }
}
