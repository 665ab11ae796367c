import { randomBytes } from 'node:crypto'
import { existsSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { replaceDurably } from './durable.ts'

/** Room that is kept beside the log, so that a full disk still takes its last words and lets a segment go. */
export class Reserve {
  private readonly file: string
  private readonly bytes: number

  /** 0 bytes: none is kept. */
  constructor(dir: string, bytes: number) {
    this.file = join(dir, 'reserve')
    this.bytes = bytes
  }

  /** Takes it, where it is missing and there is room for it and as much again. */
  take(): void {
    if (this.bytes === 0 || existsSync(this.file)) return
    const { bavail, bsize } = statfsSync(join(this.file, '..'))
    if (bavail * bsize < 2 * this.bytes) return
    try {
      replaceDurably(this.file, randomBytes(this.bytes)) // no file system can pack it
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? ''
      if (!['ENOSPC', 'EDQUOT'].includes(code)) throw error // somebody else was quicker: taken later
    }
  }

  /** True: there is as much more room now. */
  give(): boolean {
    if (!existsSync(this.file)) return false
    rmSync(this.file)
    return true
  }
}
