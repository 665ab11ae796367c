import { expect, test } from 'vitest'
import { hashOf } from '../../electron/link.ts'
import { formatRoute, parseRoute } from '../../renderer/route.ts'

const id = 'band:plant/line 1/p-204:17'
const at = Date.parse('2026-11-18T02:41:07.000Z')

test.each([
  [`fieldwatch://alert/${encodeURIComponent(id)}`, { page: 'alerts', id, show: 'open', at: null }],
  [`fieldwatch://alert/${encodeURIComponent(id)}?at=${at}`, { page: 'alerts', id, show: 'open', at }],
  [`fieldwatch://alert/${encodeURIComponent(id)}?at=2026-11-18T02:41:07Z`, { page: 'alerts', id, show: 'open', at }],
  ['fieldwatch://alert/limits:3:9?at=soon', { page: 'alerts', id: 'limits:3:9', show: 'open', at: null }],
  ['fieldwatch://device/plant%2Fp204', { page: 'device', id: 'plant/p204', tab: 'signals', at: null }],
  [`fieldwatch://sync?at=${at}`, { page: 'sync', at }],
  ['fieldwatch://devices', { page: 'devices', show: 'all', at: null }],
  ['fieldwatch://connect/', { page: 'connect', at: null }],
])('%s opens the place that the page itself would name so', (link, route) => {
  const opened = parseRoute(hashOf(link))
  expect(opened).toEqual(route)
  expect(parseRoute(formatRoute(opened))).toEqual(route)
})

test.each([
  'fieldwatch://',
  'fieldwatch://alert',
  'fieldwatch://alert/',
  'fieldwatch://alert/%',
  'fieldwatch://app/index.html',
  'fieldwatch://settings',
  'fieldwatch:alert/a',
  'https://alert/a',
  'javascript:alert(1)',
  '',
])('%s is not known, and opens Health', (link) => {
  expect(hashOf(link)).toBe('#/health')
})

test('what it does not know keeps its instant', () => {
  expect(parseRoute(hashOf(`fieldwatch://?at=${at}`))).toEqual({ page: 'health', at })
})
