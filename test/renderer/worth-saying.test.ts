import { expect, test } from 'vitest'
import type { AlertRow } from '../../core/contract/calls.ts'
import { worthSaying } from '../../renderer/frame/worth-saying.ts'

const row = (opened: number, more: { readonly historical?: boolean; readonly group?: AlertRow['group'] } = {}) =>
  ({ group: more.group ?? 'active', alert: { opened, historical: more.historical ?? false } }) as AlertRow

test('the newest alert that is active is said, and only once', () => {
  const rows = [row(5), row(9), row(12, { group: 'acknowledged' })]
  expect(worthSaying(rows, -1)?.alert.opened).toBe(9)
  expect(worthSaying(rows, 9)).toBeNull()
})

test('a historical alert is never said', () => {
  expect(worthSaying([row(9, { historical: true })], -1)).toBeNull()
})
