import { expect, test } from 'vitest'
import type { AlertRow } from '../../core/contract/calls.ts'
import { folded } from '../../renderer/pages/alerts/groups.ts'

const row = (id: string, area: string, rule: string) => ({ area, alert: { id, rule } }) as AlertRow

test('in a flood rows of one area and rule are one fold, and each row is in one, in the order of the list', () => {
  const rows = [row('1', 'hall', 'hot'), row('2', 'hall', 'silence'), row('3', 'yard', 'hot'), row('4', 'hall', 'hot')]
  expect(folded(rows).map((fold) => fold.map(({ alert }) => alert.id))).toEqual([['1', '4'], ['2'], ['3']])
})
