import type { At } from '../../core/contract/calls.ts'

export function TimeBar({ at }: { readonly at: At }) {
  return <div style={{ gridColumn: '1 / -1', height: 52 }}>{at}</div>
}
