import type { Emit } from './emit.ts'

const mostFilters = 100

/** Says what a `dropped` or `left out` record counts, filter by filter; what of it cannot be read is passed over. */
export function sayNotStored(source: string, why: 'dropped' | 'left out', bytes: Uint8Array, out: Emit): void {
  for (const { topics, messages } of listIn(why, bytes).slice(0, mostFilters))
    if (typeof topics === 'string' && typeof messages === 'number' && messages > 0)
      out.notStored(source, why, topics, messages)
}

function listIn(
  why: 'dropped' | 'left out',
  bytes: Uint8Array,
): readonly { readonly topics?: unknown; readonly messages?: unknown }[] {
  try {
    const said = JSON.parse(new TextDecoder().decode(bytes)) as { readonly [key in string]?: unknown } | null
    const list = said?.[why === 'dropped' ? 'dropped' : 'leftOut']
    return Array.isArray(list) ? list.filter((one) => typeof one === 'object' && one !== null) : []
  } catch {
    return []
  }
}
