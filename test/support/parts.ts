import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Whether a real part that a test needs is here, for `describe.skipIf(!part(...))`.
 * A missing part is said in a sentence; where FIELDWATCH_REQUIRE_PARTS is set it fails the file instead.
 */
export function part(name: string, present: boolean, wayOut = `install ${name}`): boolean {
  if (present) return true
  const sentence = `${name} is missing, so tests that need it are skipped; ${wayOut}`
  if (process.env.FIELDWATCH_REQUIRE_PARTS) throw new Error(`${sentence} (FIELDWATCH_REQUIRE_PARTS is set)`)
  process.stderr.write(`${sentence}\n`)
  return false
}

/** Full path of a program, also where Debian hides daemons from ordinary users; null when there is none. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  const names = process.platform === 'win32' ? [`${name}.exe`, `${name}.cmd`] : [name]
  for (const folder of folders) for (const file of names) if (isProgram(join(folder, file))) return join(folder, file)
  return null
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
