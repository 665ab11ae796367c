import { createHash } from 'node:crypto'
import { chmodSync, closeSync, existsSync, openSync, readSync } from 'node:fs'
import { setImmediate as later } from 'node:timers/promises'
import type { Database } from 'better-sqlite3'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import { addToCatalogue, readCatalogue } from './catalogue.ts'
import { openForWriting, segmentFile } from './segment.ts'

interface Finished {
  readonly first: Offset
  readonly n: number
  readonly db: Database
}

/**
 * Turns finished segments into single files that never change again, with a checksum in the catalogue.
 * A reader that still has one open can delay this; what is not done by the end is done at the next start.
 */
export class Sealer {
  private readonly dir: string
  private readonly entering = new Set<Offset>()
  private waiting: Finished[] = []
  private hashing: Promise<void> = Promise.resolve()
  /** Sealed, but not entered: it could not be read, or the catalogue not be written. */
  private unentered: { readonly first: Offset; readonly n: number }[] = []
  /** By the first offset of the segment; of the catalogue by -1. What failed is tried again. */
  private readonly failures = new Map<Offset, unknown>()
  private stopped = false
  private tried = Number.NEGATIVE_INFINITY

  constructor(dir: string) {
    this.dir = dir
  }

  /**
   * Finished segments that a run before this one left: every segment but the newest that is not in the catalogue.
   * A damaged one must not keep capture from starting: it stays as it is, and verify names it.
   */
  resume(firsts: readonly Offset[]): void {
    const done = this.sealed()
    if (done === null) return
    firsts.slice(0, -1).forEach((first, i) => {
      const file = segmentFile(this.dir, first)
      try {
        if (done.has(first)) protect(file)
        else this.add(first, firsts[i + 1]! - first, openForWriting(file))
      } catch (error) {
        this.failures.set(first, error)
      }
    })
  }

  /** Null when the catalogue cannot be read: `settled` says so, and finished files are left as they are. */
  private sealed(): ReadonlySet<Offset> | null {
    try {
      return new Set(readCatalogue(this.dir).map((segment) => segment.first))
    } catch (error) {
      this.failures.set(-1, error)
      return null
    }
  }

  /** Takes over the connection. */
  add(first: Offset, n: number, db: Database): void {
    db.pragma('busy_timeout = 0')
    this.waiting.push({ first, n, db })
    this.retryNow()
  }

  /** Seals what no reader holds open any more, at most once a second of log time. */
  retry(clock: Millis): void {
    if (this.waiting.length + this.unentered.length === 0 || clock - this.tried < 1_000) return
    this.tried = clock
    this.retryNow()
  }

  /** Whether a segment is still to be sealed. One that could not be is not: it stays as it is. */
  holds(first: Offset): boolean {
    return this.entering.has(first) || this.waiting.some((segment) => segment.first === first)
  }

  private retryNow(): void {
    this.waiting = this.waiting.filter((segment) => !this.seal(segment))
    for (const { first, n } of this.unentered.splice(0)) this.enterSoon(first, n)
  }

  /** What went wrong and is not mended; null: nothing. */
  trouble(): FieldError | null {
    const [failure] = this.failures.values()
    if (failure === undefined) return null
    if (failure instanceof FieldError) return failure
    const why = failure instanceof Error ? failure.message : String(failure)
    return new FieldError('disk_error', `${this.dir}: a finished log file could not be checked in: ${why}`, {
      hint: 'what it holds can be read, and it is tried again; run verify',
      cause: failure,
    })
  }

  /** When every checksum that could be started is in the catalogue; throws what went wrong since the last call. */
  async settled(): Promise<void> {
    this.retryNow()
    await this.hashing
    const [failure] = this.failures.values()
    this.failures.clear()
    if (failure !== undefined) throw failure
  }

  close(): void {
    this.retryNow()
    this.stopped = true
    for (const { db } of this.waiting) db.close()
    this.waiting = []
  }

  /** Never throws: it runs behind a commit that is done. What failed is tried again. */
  private seal({ first, n, db }: Finished): boolean {
    try {
      if (!foldJournal(db)) return false
      db.close()
    } catch (error) {
      this.failures.set(first, error)
      return false
    }
    this.enterSoon(first, n)
    return true
  }

  /** What fails is tried again. */
  private enterSoon(first: Offset, n: number): void {
    this.entering.add(first)
    this.hashing = this.hashing
      .then(() => this.enter(first, n))
      .then(() => {
        this.entering.delete(first)
        this.failures.delete(first)
      })
      .catch((error: unknown) => {
        this.failures.set(first, error)
        this.unentered.push({ first, n })
      })
  }

  private async enter(first: Offset, n: number): Promise<void> {
    const file = segmentFile(this.dir, first)
    const sum = await hashFile(file, () => this.stopped)
    if (sum === null) return
    addToCatalogue(this.dir, { first, n, ...sum })
    protect(file)
  }
}

/** Against any program that would change it by mistake. */
function protect(file: string): void {
  chmodSync(file, 0o444)
}

/** False while somebody reads: SQLite changes the mode of a file only for its one connection. */
function foldJournal(db: Database): boolean {
  try {
    db.pragma('wal_checkpoint(TRUNCATE)')
    return db.pragma('journal_mode = DELETE', { simple: true }) === 'delete' && !existsSync(`${db.name}-journal`)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') return false
    throw error
  }
}

/** Size and sha256 of a file, a piece at a time, so that commits go on between; null when stopped before the end. */
export async function hashFile(
  file: string,
  stopped: () => boolean = () => false,
): Promise<{ bytes: number; sha256: string } | null> {
  const hash = createHash('sha256')
  const piece = new Uint8Array(1_048_576)
  const fd = openSync(file, 'r')
  try {
    let bytes = 0
    for (;;) {
      if (stopped()) return null
      const n = readSync(fd, piece)
      if (n === 0) return { bytes, sha256: hash.digest('hex') }
      hash.update(piece.subarray(0, n))
      bytes += n
      await later()
    }
  } finally {
    closeSync(fd)
  }
}
