import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The client id of a source at its broker, made once and kept beside the log: the broker's session hangs on it.
 * 23 letters and digits, which every broker must take.
 */
export function clientIdFor(dir: string, source: string): string {
  const file = join(dir, 'client-id')
  if (!existsSync(file)) writeFileSync(file, randomUUID(), { flag: 'wx' })
  const hash = createHash('sha256').update(readFileSync(file, 'utf8')).update('\0').update(source)
  return `fw${hash.digest('hex').slice(0, 21)}`
}
