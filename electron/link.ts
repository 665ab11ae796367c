const pages: readonly string[] = ['health', 'alerts', 'devices', 'sync', 'connect']

/**
 * The hash of the page that a link such as `fieldwatch://alert/<id>?at=<time>` names, in the words of the
 * page's own routes: an alert, a device, or a page by its name. `at` is epoch milliseconds or ISO 8601.
 * What it does not know opens Health.
 */
export function hashOf(link: string): string {
  const url = URL.parse(link)
  if (url?.protocol !== 'fieldwatch:') return '#/health'
  const at = instant(url.searchParams.get('at'))
  return `#/${placeOf(url.host, decoded(url.pathname.slice(1)))}${at === null ? '' : `?at=${encodeURIComponent(at)}`}`
}

function placeOf(name: string, id: string): string {
  if (name === 'alert' && id !== '') return `alerts/${encodeURIComponent(id)}`
  if (name === 'device' && id !== '') return `device/${encodeURIComponent(id)}`
  return pages.includes(name) ? name : 'health'
}

function instant(text: string | null): string | null {
  const time = new Date(text !== null && /^\d{9,15}$/.test(text) ? Number(text) : (text ?? ''))
  return Number.isNaN(time.getTime()) ? null : time.toISOString()
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return '' // typed by hand, with a lone %
  }
}
