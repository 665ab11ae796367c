import { useSyncExternalStore } from 'react'
import type { At } from '../core/contract/calls.ts'

export const deviceTabs = ['signals', 'messages', 'alerts', 'notes', 'details'] as const
export type DeviceTab = (typeof deviceTabs)[number]

/** `new` is a rule that is not stored yet. */
const settingsSections = ['rules', 'new', 'plant'] as const
type SettingsSection = (typeof settingsSections)[number]

/** Where the reader is. Every place has an instant: `at` is null for live. */
export type Route =
  | { readonly page: 'health'; readonly at: At }
  | { readonly page: 'alerts'; readonly id: string | null; readonly show: 'open' | 'history'; readonly at: At }
  | { readonly page: 'devices'; readonly show: 'all' | 'unreadable'; readonly at: At }
  | { readonly page: 'device'; readonly id: string; readonly tab: DeviceTab; readonly at: At }
  | { readonly page: 'continuity'; readonly at: At }
  | { readonly page: 'sync'; readonly at: At }
  | { readonly page: 'connect'; readonly at: At }
  | { readonly page: 'settings'; readonly section: SettingsSection; readonly id: string | null; readonly at: At }
  | { readonly page: 'map'; readonly topic: string | null; readonly at: At }
export type Page = Route['page']

/** The route that a hash such as `#/device/plant%2Fp204/signals?at=2026-11-18T02:41:07.000Z` names; Health when it names none. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [page, first, second] = path.split('/').map(decoded)
  const asked = new URLSearchParams(query)
  const at = instant(asked.get('at'))
  switch (page) {
    case 'alerts':
      return { page, id: first || null, show: asked.get('show') === 'history' ? 'history' : 'open', at }
    case 'devices':
      return { page, show: asked.get('show') === 'unreadable' ? 'unreadable' : 'all', at }
    case 'continuity':
    case 'sync':
    case 'connect':
      return { page, at }
    case 'settings': {
      const section = settingsSections.find((each) => each === first) ?? 'rules'
      return { page, section, id: (section === 'rules' && second) || null, at }
    }
    case 'map':
      return { page, topic: asked.get('topic') || null, at }
    case 'device':
      return first
        ? { page, id: first, tab: deviceTabs.find((tab) => tab === second) ?? 'signals', at }
        : { page: 'devices', show: 'all', at }
    default:
      return { page: 'health', at }
  }
}

/** The hash of a route; `parseRoute` gives the same route back. */
export function formatRoute(route: Route): string {
  const asked = new URLSearchParams()
  if (route.page === 'alerts' && route.show === 'history') asked.set('show', 'history')
  if (route.page === 'devices' && route.show === 'unreadable') asked.set('show', 'unreadable')
  if (route.page === 'map' && route.topic !== null) asked.set('topic', route.topic)
  if (route.at !== null) asked.set('at', new Date(route.at).toISOString())
  const query = asked.toString().replaceAll('%3A', ':') // a hash may hold it, and a person may read it
  return `#/${pathOf(route)}${query === '' ? '' : `?${query}`}`
}

/** Goes to a place, as a step that the browser's Back undoes. */
export function go(route: Route): void {
  location.hash = formatRoute(route)
}

/** Shows another instant of the same place. Steps of one movement do not fill the history. */
export function showAt(at: At): void {
  history.replaceState(null, '', formatRoute({ ...currentRoute(), at }))
  dispatchEvent(new HashChangeEvent('hashchange'))
}

export function currentRoute(): Route {
  return parseRoute(location.hash)
}

/** The route now; draws again when it changes. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(onHash, () => location.hash)
  return parseRoute(hash)
}

function onHash(changed: () => void): () => void {
  addEventListener('hashchange', changed)
  return () => removeEventListener('hashchange', changed)
}

function pathOf(route: Route): string {
  if (route.page === 'alerts' && route.id !== null) return `alerts/${encodeURIComponent(route.id)}`
  if (route.page === 'device') return `device/${encodeURIComponent(route.id)}/${route.tab}`
  if (route.page === 'settings')
    return `settings/${route.section}${route.id === null ? '' : `/${encodeURIComponent(route.id)}`}`
  return route.page
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return '' // a hash typed by hand may hold a lone %
  }
}

function instant(text: string | null): At {
  const time = text === null ? Number.NaN : Date.parse(text)
  return Number.isNaN(time) ? null : time
}
