import { FieldError } from '../../../core/contract/errors.ts'
import { sentence } from '../../words/sentence.ts'

/** What an error says of one field, without what its place in the form says already; null: it is about another one. */
export function saidOf(error: Error | null, path: string): string | null {
  if (!(error instanceof FieldError) || error.path === null) return null
  if (error.path !== path && !error.path.endsWith(`.${path}`)) return null
  const at = error.message.indexOf(`${path}: `)
  return sentence(at < 0 ? error.message : error.message.slice(at + path.length + 2))
}
