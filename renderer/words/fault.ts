import { FieldError } from '../../core/contract/errors.ts'
import { sentence } from './sentence.ts'

/** What is wrong with one field, to stand under it: the sentence without the path that led there. `field` as the core names it; `*` is any number. */
export function faultOf(error: Error | null, field: string): string | null {
  if (!(error instanceof FieldError) || error.path === null || !isIn(error.path, field)) return null
  return sentence(error.message.slice(error.message.indexOf(error.path) + error.path.length).replace(/^[:\s]+/, ''))
}

/** "source.topics[0]" is in "source.topics", and "destinations[3].start" in "destinations[*].start". */
function isIn(path: string, field: string): boolean {
  const named = field.includes('[*]') ? path.replace(/\[\d+\]/, '[*]') : path
  return named === field || named.startsWith(`${field}[`)
}
