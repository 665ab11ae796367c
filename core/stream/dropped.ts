import type { Emit } from './emit.ts'

const mostFilters = 100

/** Says what a `dropped` record counts, filter by filter; what of it cannot be read is left out. */
export function sayDropped(source: string, bytes: Uint8Array, out: Emit): void {
  for (const { topics, messages } of listIn(bytes).slice(0, mostFilters))
    if (typeof topics === 'string' && typeof messages === 'number' && messages > 0)
      out.dropped(source, topics, messages)
}

function listIn(bytes: Uint8Array): readonly { readonly topics?: unknown; readonly messages?: unknown }[] {
  try {
    const said = JSON.parse(new TextDecoder().decode(bytes)) as { readonly dropped?: unknown } | null
    return Array.isArray(said?.dropped) ? said.dropped.filter((one) => typeof one === 'object' && one !== null) : []
  } catch {
    return []
  }
}
