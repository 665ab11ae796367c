import type Database from 'better-sqlite3'
import { openSavedState } from '../../core/views/saved-state.ts'

/** What the path would go on from, a line each: in which rows it lies, and how often it was saved, is no part of it. */
export function savedLines(db: Database.Database): readonly string[] {
  const state = openSavedState(db).load()
  if (state === null) return []
  const slabs = Array.from(state.slabs, ({ id, numbers }) => `${id} ${Buffer.from(numbers.buffer).toString('hex')}`)
  return [`${state.version} ${state.next} ${state.core}`, ...slabs]
}

/** The tables that hold it. */
export const stateTables = ['state', 'state_page']
