import type { ParseArgsOptionsConfig } from 'node:util'
import { parseArgs } from 'node:util'

/** A command of the line: one file in commands/. */
export interface Command {
  readonly name: string
  readonly summary: string
  /** What follows the name, and what each option means. */
  readonly usage: string
  /** Resolves to the exit code: 0 ok, 1 failed. Throws WrongUse for what cannot be understood. */
  run(args: readonly string[], io: Io): Promise<0 | 1>
}

/** Results go out, progress and logs go to `err`. */
export interface Io {
  out(text: string): void
  err(text: string): void
}

/** The command line cannot be understood: exit code 2. */
export class WrongUse extends Error {}

/** Arguments by `options`; files are what is left. Throws WrongUse in words. */
export function parse<O extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: O,
  files: 'files' | 'no files',
) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      allowPositionals: files === 'files',
      strict: true,
    })
    return { values, files: positionals }
  } catch (error) {
    throw new WrongUse(error instanceof Error ? error.message : String(error))
  }
}

/** A whole number from an option, or null when it was not given. */
export function wholeNumber(name: string, value: string | undefined, max: number): number | null {
  if (value === undefined) return null
  const number = Number(value)
  if (!/^\d+$/.test(value) || number > max)
    throw new WrongUse(`--${name}: "${value}" is not a whole number from 0 to ${max}`)
  return number
}

/** Epoch milliseconds or ISO 8601, or null when it was not given. */
export function instant(name: string, value: string | undefined): number | null {
  if (value === undefined) return null
  const at = /^\d{9,}$/.test(value) ? Number(value) : Date.parse(value)
  if (Number.isNaN(at))
    throw new WrongUse(`--${name}: "${value}" is not a time; write 2026-11-24T14:00Z or epoch milliseconds`)
  return at
}
