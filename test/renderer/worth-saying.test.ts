import { expect, test } from 'vitest'
import type { AlertRow } from '../../core/contract/calls.ts'
import { worthSaying } from '../../renderer/frame/worth-saying.ts'

const row = (called: number | null) => ({ group: 'active', called }) as AlertRow

test('the newest alert that calls somebody is said, and only once', () => {
  const rows = [row(5), row(9), row(null)]
  expect(worthSaying(rows, -1)?.called).toBe(9)
  expect(worthSaying(rows, 9)).toBeNull()
})

test('what calls nobody is never said', () => {
  expect(worthSaying([row(null)], -1)).toBeNull()
})
