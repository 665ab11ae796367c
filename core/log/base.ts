import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Offset } from '../contract/model.ts'

/** Whether what the records before an offset have come to is kept, so that they may go. */
export function hasBase(dir: string, next: Offset): boolean {
  return existsSync(join(dir, `${String(next).padStart(12, '0')}.base`))
}
