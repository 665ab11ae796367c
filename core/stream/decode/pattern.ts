import { FieldError } from '../../contract/errors.ts'
import { cellValue } from './csv.ts'
import type { Value } from './decoded.ts'
import { nothing, type RowReader, textOf } from './mapping.ts'

const maxLine = 4_096

/** Lines by a pattern whose named groups are the fields; a line that does not match is no row. */
export function patternReader(pattern: string): RowReader {
  const compiled = compile(pattern)
  return (bytes) => {
    const lines = textOf(bytes)?.split(/\r?\n/) ?? []
    const rows = lines.flatMap((line) => {
      const groups = line.length > maxLine ? undefined : compiled.exec(line)?.groups
      return groups === undefined ? [] : [fieldsOf(groups)]
    })
    return rows.length === 0 ? null : { rows, around: nothing }
  }
}

function fieldsOf(groups: Readonly<Record<string, string | undefined>>): Record<string, Value> {
  const fields: Record<string, Value> = {}
  for (const name in groups) if (groups[name] !== undefined) fields[name] = cellValue(groups[name].trim(), ',')
  return fields
}

function compile(pattern: string): RegExp {
  if (!/\(\?<[a-zA-Z]/.test(pattern)) throw wrong('it has no named group; write (?<flow>[0-9.]+) for what is a signal')
  if (isRunaway(pattern))
    throw wrong(
      'it repeats a group that repeats something itself, which can take for ever on one line; repeat one of them',
    )
  try {
    return new RegExp(pattern, 'u')
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error))
  }
}

function wrong(why: string): FieldError {
  return new FieldError('bad_input', `schema: this pattern cannot be used: ${why}`, { path: 'schema' })
}

/** A repeated group with a repetition in it: the way in which a pattern of a few characters runs for hours. */
function isRunaway(pattern: string): boolean {
  const repeats: boolean[] = [false]
  let inSet = false
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!
    if (char === '\\') i++
    else if (inSet) inSet = char !== ']'
    else if (char === '[') inSet = true
    else if (char === '(') repeats.push(false)
    else if (char === ')') {
      const inside = repeats.pop() ?? false
      const repeated = isRepeat(pattern[i + 1])
      if (inside && repeated) return true
      if (inside || repeated) repeats[repeats.length - 1] = true
    } else if (isRepeat(char)) repeats[repeats.length - 1] = true
  }
  return false
}

function isRepeat(char: string | undefined): boolean {
  return char === '*' || char === '+' || char === '{'
}
