import Database from 'better-sqlite3'
import { stillOpen } from '../views/tables.ts'

/** Counts the alerts that somebody still has to do something about, as the views were last flushed. */
export function openAlertCount(viewsFile: string): { count(): number; close(): void } {
  const db = new Database(viewsFile, { readonly: true, fileMustExist: true })
  const count = db.prepare<[], { n: number }>(`select count(*) as n from alert where closed = ${stillOpen}`)
  return { count: () => count.get()!.n, close: () => db.close() }
}
