import { FieldError } from '../../core/contract/errors.ts'
import { sentence } from './sentence.ts'

/**
 * What is wrong with one field, to stand under it: the sentence without the path that led there. `fields` are its names, as
 * the core may say them; `*` is any number.
 */
export function faultOf(error: Error | null, ...fields: readonly string[]): string | null {
  if (!(error instanceof FieldError)) return null
  const { path, message } = error
  if (path === null || !fields.some((field) => isIn(path, field))) return null
  const at = message.indexOf(path)
  return sentence(at < 0 ? message : message.slice(at + path.length).replace(/^[:\s]+/, ''))
}

/** "source.topics[0]" is in "source.topics", and "destinations[3].start" in "destinations[*].start". */
function isIn(path: string, field: string): boolean {
  const named = field.includes('[*]') ? path.replace(/\[\d+\]/, '[*]') : path
  return named === field || named.startsWith(`${field}[`)
}
