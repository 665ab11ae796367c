import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { app } from 'electron'

/** True the first time that it is asked for this notice on this data directory, and, where that can be kept, never again. */
export function mayTellOnce(notice: string): boolean {
  const file = join(app.getPath('userData'), `told-${notice}`)
  if (existsSync(file)) return false
  try {
    writeFileSync(file, '')
  } catch (error) {
    process.stderr.write(`${file} cannot be written: ${(error as Error).message}\n`) // told twice is better than a fall
  }
  return true
}
