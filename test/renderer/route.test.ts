import { expect, test } from 'vitest'
import { formatRoute, parseRoute, type Route } from '../../renderer/route.ts'

const at = Date.UTC(2026, 10, 18, 1, 41, 7)
const places: readonly Route[] = [
  { page: 'health', at: null },
  { page: 'health', at },
  { page: 'alerts', id: null, show: 'history', at },
  { page: 'alerts', id: 'band:12:369906512', show: 'open', at: null },
  { page: 'devices', show: 'all', at: null },
  { page: 'devices', show: 'unreadable', at },
  { page: 'device', id: 'dairy/line 2/p?204#&%', tab: 'messages', at },
  { page: 'continuity', at },
  { page: 'sync', at: null },
  { page: 'connect', at },
  { page: 'settings', section: 'rules', id: null, at },
  { page: 'settings', section: 'rules', id: 'below 72/°C', at: null },
  { page: 'settings', section: 'new', id: null, at: null },
  { page: 'settings', section: 'plant', id: null, at },
]

test.each(places)('the hash of %j names the same place', (place) => {
  expect(parseRoute(formatRoute(place))).toEqual(place)
})

test('a hash that names nothing is Health, live', () => {
  for (const hash of ['', '#', '#/', '#/nowhere/at/all', '#/health?at=yesterday', '#/%'])
    expect(parseRoute(hash)).toEqual({ page: 'health', at: null })
})

test('a device without an id is the list of devices', () => {
  expect(parseRoute('#/device')).toEqual({ page: 'devices', show: 'all', at: null })
})

test('a device with a tab that does not exist opens at its signals', () => {
  expect(parseRoute('#/device/p204/nothing')).toEqual({ page: 'device', id: 'p204', tab: 'signals', at: null })
})
