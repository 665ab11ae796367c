import { existsSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { Seen } from '../log/verify.ts'
import type { Places } from './paths.ts'

/** How far others have read the log: where it ends before that, records are gone that were there. */
export function seenOf({ views, state }: Places): Seen[] {
  const seen: Seen[] = []
  for (const upto of read<number>(views, "select value from meta where name = 'upto'"))
    seen.push({ by: 'the views', upto })
  for (const { name, acked } of read<{ name: string; acked: number }>(state, 'select name, acked from destination'))
    seen.push({ by: `the destination "${name}"`, upto: acked })
  return seen
}

/** Nothing where the file is not there, or is itself of no use: then it can say nothing of the log. */
function read<T>(file: string, sql: string): T[] {
  if (!existsSync(file)) return []
  const db = new Database(file, { readonly: true })
  try {
    const statement = db.prepare<[], T>(sql)
    return (statement.columns().length === 1 ? statement.pluck() : statement).all()
  } catch (error) {
    if (error instanceof Database.SqliteError) return []
    throw error
  } finally {
    db.close()
  }
}
