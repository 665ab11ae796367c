import type { z } from 'zod'
import type { ErrorCode } from '../contract/errors.ts'
import { FieldError } from '../contract/errors.ts'

/** What `schema` makes of `value`, or a FieldError that names the field, its value and the way out. Only the first fault is named. */
export function check<S extends z.ZodType>(schema: S, value: unknown, code: ErrorCode, what: string): z.output<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw faultOf(parsed.error.issues[0]!, value, code, what)
}

function faultOf(issue: z.core.$ZodIssue, value: unknown, code: ErrorCode, what: string): FieldError {
  if (issue.code === 'unrecognized_keys') {
    const path = pathOf([...issue.path, issue.keys[0]!])
    return new FieldError(code, `${what}: "${path}" is not known here; remove it, or correct its spelling`, { path })
  }
  const path = pathOf(issue.path)
  const given = valueAt(value, issue.path)
  const sentence =
    given === undefined ? 'is missing' : `${isSecret(path) ? 'what was given' : shown(given)} ${inWords(issue)}`
  return new FieldError(code, `${path === '' ? what : `${what}: ${path}`}: ${sentence}`, { path })
}

/** Our own messages read on from the value; zod's begin anew. */
function inWords(issue: z.core.$ZodIssue): string {
  const own = issue.code === 'custom' || (issue.code === 'invalid_format' && !issue.message.startsWith('Invalid'))
  return own ? issue.message : `is not accepted: ${issue.message}`
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`),
    '',
  )
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Record<PropertyKey, unknown>)[key]
  }
  return at
}

/** An error may be written down anywhere. */
function isSecret(path: string): boolean {
  return /(^|\.)(password|passphrase)$|(^|\.)secrets(\[\d+\](\.value)?)?$/.test(path)
}

function shown(value: unknown): string {
  const text =
    typeof value === 'number' || typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? typeof value)
  return withoutPassword(text.length > 80 ? `${text.slice(0, 77)}...` : text)
}

function withoutPassword(text: string): string {
  return text.replace(/(\/\/[^\s/@:]*):[^\s/@]*@/g, '$1:***@')
}
