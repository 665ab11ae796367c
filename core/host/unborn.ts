import Database from 'better-sqlite3'
import type { Millis } from '../contract/model.ts'

/** Messages older than this lack nothing that could still be asked for. */
const lately: Millis = 60_000

/** Where messages came whose Sparkplug births are not known, as the views were last flushed. */
export interface Unborn {
  /** Since the last look. */
  look(now: Millis): readonly { readonly source: string; readonly topic: string }[]
  close(): void
}

export function openUnborn(viewsFile: string): Unborn {
  const db = new Database(viewsFile, { readonly: true, fileMustExist: true })
  const newest = db.prepare<[], number>('select coalesce(max(seq), 0) from undecodable').pluck()
  const found = db.prepare<[number, number], { source: string; topic: string }>(
    `select distinct source, topic from undecodable where seq > ? and time >= ? and reason = 'sparkplug_no_birth'`,
  )
  let seen = newest.get()!
  return {
    look(now) {
      const before = seen
      seen = newest.get()!
      return seen === before ? [] : found.all(before, now - lately)
    },
    close: () => db.close(),
  }
}
