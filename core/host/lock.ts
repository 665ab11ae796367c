import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { FieldError } from '../contract/errors.ts'

/** A lock that is collected as garbage is given back, so they are held here. */
const held = new Set<Database.Database>()

/**
 * Takes the data directory for this process and returns what gives it back. Two writers on one log
 * would be our worst fault, so this comes before anything is opened.
 * It is the operating system's own lock, as SQLite takes it on every platform: the kernel gives it
 * back when the process dies, however it dies, so there is no left-over lock to judge.
 */
export function takeLock(dir: string): () => void {
  makeDir(dir)
  const lock = openLock(dir)
  held.add(lock)
  nameHolder(dir)
  return () => {
    rmSync(join(dir, 'lock.json'), { force: true })
    lock.close()
    held.delete(lock)
  }
}

/** Null: another process has it. */
export function takeLockIfFree(dir: string): (() => void) | null {
  try {
    return takeLock(dir)
  } catch (error) {
    if (error instanceof FieldError && error.code === 'log_locked') return null
    throw error
  }
}

/** Only for the message that another one gets: a full disk must not keep the recorder from starting. */
function nameHolder(dir: string): void {
  try {
    writeFileSync(join(dir, 'lock.json'), JSON.stringify({ pid: process.pid, host: hostname() }))
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

function openLock(dir: string): Database.Database {
  let lock: Database.Database | null = null
  try {
    lock = new Database(join(dir, 'lock.db'), { timeout: 0 })
    lock.exec('begin exclusive')
    return lock
  } catch (cause) {
    lock?.close()
    throw refused(dir, cause)
  }
}

function makeDir(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true })
  } catch (cause) {
    throw new FieldError(
      'read_only',
      `${dir} cannot be made: ${(cause as Error).message}; choose another folder with --data`,
      { cause },
    )
  }
}

function refused(dir: string, cause: unknown): FieldError {
  if (!(cause instanceof Database.SqliteError) || cause.code !== 'SQLITE_BUSY')
    return new FieldError(
      'read_only',
      `${dir} cannot be written: ${(cause as Error).message}; choose another folder with --data`,
      { cause },
    )
  return new FieldError(
    'log_locked',
    `${dir} is in use by another Fieldwatch (${holderOf(dir)}); stop it first, or choose another folder with --data`,
    {
      hint: 'One log has one writer, so that nothing in it can be lost.',
      cause,
    },
  )
}

/** Only for the message: who wrote the file may have died since. */
function holderOf(dir: string): string {
  try {
    const holder = JSON.parse(readFileSync(join(dir, 'lock.json'), 'utf8')) as { pid: number; host: string }
    return holder.host === hostname() ? `process ${holder.pid}` : `process ${holder.pid} on ${holder.host}`
  } catch {
    return 'another process'
  }
}
