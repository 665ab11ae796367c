import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { Config } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import { check } from './check.ts'
import { configSchema } from './settings.ts'

/** The configuration in `file`, defaults filled in. A file that is not there is an empty one. Unknown keys are refused by name. */
export function readConfig(file: string): Config {
  return parseConfig(textOf(file), file)
}

/** Of a file that a person named: with defaults in its place the wrong plant, or none, would be captured. */
export function refuseMissing(file: string): void {
  if (!existsSync(file))
    throw new FieldError('config_invalid', `there is no configuration ${file}`, {
      hint: 'Correct the path after --config. To begin with defaults in that file, write {} into it first.',
    })
}

/** Checks `config` and writes it so that a crash leaves the old file or the new one, never a half. */
export function writeConfig(file: string, config: unknown): Config {
  const checked = check(configSchema, config, 'config_invalid', 'configuration')
  replaceFile(file, `${JSON.stringify(checked, null, 2)}\n`, 0o644)
  return checked
}

/** Writes beside, flushes, then renames over: the one way in which small files are written. */
export function replaceFile(file: string, text: string, mode: number): void {
  mkdirSync(dirname(file), { recursive: true })
  const beside = `${file}.new`
  rmSync(beside, { force: true }) // one left by a crash may have another mode
  const handle = openSync(beside, 'wx', mode)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(beside, file)
}

function parseConfig(text: string, file: string): Config {
  return check(configSchema, parseJson(text, file), 'config_invalid', file)
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new FieldError(
      'config_invalid',
      `${file} is not JSON: ${why}; correct it, or move it away to begin with defaults`,
      { cause },
    )
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '{}'
    throw new FieldError('config_invalid', `${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
}
