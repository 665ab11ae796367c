import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { syncDirectory } from '../log/durable.ts'

// Views that are made beside those that people see, to take their place. While they are made they are `views.next.db`. Once
// they are whole they are renamed to `views.ready.db`, and from that moment they are the views, whatever happens: who finds
// that name finishes what is left to do. So a crash leaves the old ones or the new ones.

/** Where views are made that are to take the place of these. */
export function nextOf(viewsFile: string): string {
  return beside(viewsFile, 'next')
}

/** The next views are whole, and closed. From here on they count. */
export function makeReady(viewsFile: string): void {
  const db = new Database(nextOf(viewsFile))
  db.pragma('journal_mode = delete') // one file, with everything
  db.close()
  renameSync(nextOf(viewsFile), readyOf(viewsFile))
  syncDirectory(dirname(viewsFile))
}

/**
 * Puts views that are ready in the place of the old ones, which nobody may write; on Windows nobody may read them either.
 * False: it could not be done, so the old ones stay, and the others can be made ready again. True also when there are none.
 */
export function switchIn(viewsFile: string): boolean {
  if (!existsSync(readyOf(viewsFile))) return true
  try {
    replace(viewsFile, readyOf(viewsFile))
    return true
  } catch {
    renameSync(readyOf(viewsFile), nextOf(viewsFile))
    return false
  }
}

function replace(viewsFile: string, by: string): void {
  for (const part of ['-wal', '-shm']) rmSync(viewsFile + part, { force: true })
  syncDirectory(dirname(viewsFile)) // or a power cut could leave the last commits of the old ones beside the new file
  renameSync(by, viewsFile)
  syncDirectory(dirname(viewsFile))
}

/** They are not wanted, or to be begun anew. */
export function dropNext(viewsFile: string): void {
  for (const part of ['', '-wal', '-shm']) rmSync(nextOf(viewsFile) + part, { force: true })
}

export function bytesOf(viewsFile: string): number {
  return statSync(viewsFile, { throwIfNoEntry: false })?.size ?? 0
}

function readyOf(viewsFile: string): string {
  return beside(viewsFile, 'ready')
}

function beside(viewsFile: string, name: string): string {
  return viewsFile.replace(/(\.db)?$/, `.${name}.db`)
}
