import type { Offset } from '../contract/model.ts'
import type { Voice } from './record-format.ts'

/**
 * Records from `first` on are named by `source`. A copy of a log goes on with other records at the same offsets, so it goes
 * on under a name of its own, and no two records ever have one name.
 */
export interface Line {
  readonly first: Offset
  readonly source: string
}

/** `lines` ascend, and the first begins at 0. `end`: where the next one begins. */
export function lineAt(lines: readonly Line[], offset: Offset): Line & { readonly end: Offset } {
  const at = lines.findLastIndex(({ first }) => first <= offset)
  return { ...lines[at]!, end: lines[at + 1]?.first ?? Number.POSITIVE_INFINITY }
}

const others = new WeakMap<Voice, Map<string, Voice>>()

/** As it speaks of records from `offset` up to `end`; the same object for the same line. */
export function inLine(voice: Voice, offset: Offset): { readonly voice: Voice; readonly end: Offset } {
  const { source, end } = lineAt(voice.lines, offset)
  if (source === voice.source) return { voice, end }
  const known = others.get(voice) ?? new Map<string, Voice>()
  others.set(voice, known)
  const other = known.get(source) ?? { ...voice, source }
  known.set(source, other)
  return { voice: other, end }
}
