import type { MessageMeta } from './model.ts'

const noMeta: MessageMeta = {
  contentType: null,
  properties: [],
  responseTopic: null,
  correlation: null,
  expirySeconds: null,
}

/** What was said about a message, as its block keeps it: JSON of what is there. Empty when nothing was said. */
export function encodeMeta(said: Partial<MessageMeta>): Uint8Array {
  const there = present(said)
  return Object.keys(there).length === 0 ? nothing : new TextEncoder().encode(JSON.stringify(there))
}

/** Without what was not said. */
export function present(meta: Partial<MessageMeta>): Partial<MessageMeta> {
  return Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== null && !isEmptyList(value)))
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

/** Null when nothing was said. `bytes` are what `encodeMeta` made, of this version or an older one. */
export function decodeMeta(bytes: Uint8Array): MessageMeta | null {
  if (bytes.length === 0) return null
  return { ...noMeta, ...(JSON.parse(new TextDecoder().decode(bytes)) as Partial<MessageMeta>) }
}

const nothing = new Uint8Array()
