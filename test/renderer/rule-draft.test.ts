import { expect, test } from 'vitest'
import { detectorInfos } from '../../core/host/detector-infos.ts'
import { draftOfRule, emptyRule, toRule } from '../../renderer/pages/settings/rule-draft.ts'
import { hotRule } from '../support/hot-rule.ts'

const detector = (id: string) => detectorInfos.find((each) => each.id === id)!

test('a rule that is opened and saved as it is stays the same, as its next version', () => {
  const rules = [
    hotRule(90.5, { holdMs: 90_000, clearMs: 600_000, latch: true }),
    hotRule(0, { detector: 'count', params: { readings: 3, windowMs: 3_600_000 }, states: ['a, b', 'c'] }),
    hotRule(0, { detector: 'relation', params: {}, scope: { device: 'p/1', signal: 'x' }, other: 'y' }),
  ]
  for (const rule of rules) {
    const of = detector(rule.detector)
    expect(toRule(draftOfRule(rule, of), of, rule, [])).toEqual({ ...rule, version: 2 })
  }
})

test('times are typed as a person writes them, and an id is made of the name that no other rule has', () => {
  const draft = { ...emptyRule, name: 'Below 72 °C!', hold: '2.5 min', clear: '45', params: { low: '−72,5' } }
  expect(toRule(draft, detector('limits'), null, ['below-72-c'])).toMatchObject({
    id: 'below-72-c-2',
    holdMs: 150_000,
    clearMs: 45_000,
    params: { low: -72.5 },
    scope: { device: '*', signal: '*' },
    version: 1,
  })
})

test.each([
  [{ hold: 'soon' }, 'holdMs', '"soon" is not a time; write a time such as 30 s, 10 min, 2 h or 7 d'],
  [{ params: { high: 'much' } }, 'params.high', '"much" is not a number; write one such as 12.5'],
])('%j is refused at its field', (part, path, message) => {
  const put = () => toRule({ ...emptyRule, name: 'x', ...part }, detector('limits'), null, [])
  expect(put).toThrow(expect.objectContaining({ path, message }))
})
