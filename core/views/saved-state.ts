import type { Statement } from 'better-sqlite3'
import type { PathState } from '../stream/path.ts'
import type { SavedRow } from '../stream/state.ts'
import type { Db } from './tables.ts'

/** Keeps the path's own state beside the views, so that a restart needs one file. */
export interface SavedState {
  /** Answers its bytes. */
  save(state: PathState): number
  /** Null: nothing was saved yet. */
  load(): PathState | null
}

export function openSavedState(db: Db): SavedState {
  const put = db.prepare<[string, number, string]>("insert or replace into state values ('path', ?, ?, ?)")
  const putRow = db.prepare<[number, Uint8Array]>('insert or replace into state_row(series, row) values (?, ?)')
  const get = db.prepare<[], Omit<PathState, 'rows'>>("select version, next, core from state where name = 'path'")
  const rows = db.prepare<[], { series: number; row: Uint8Array }>('select series, row from state_row order by series')
  return {
    save: db.transaction((state: PathState) => {
      put.run(state.version, state.next, state.core)
      let bytes = state.core.length
      for (const { series, row } of state.rows) {
        putRow.run(series, bytesOf(row))
        bytes += row.byteLength
      }
      return bytes
    }),
    load() {
      const state = get.get()
      return state === undefined ? null : { ...state, rows: numbersIn(rows) }
    },
  }
}

/** One at a time, too. */
function* numbersIn(rows: Statement<[], { series: number; row: Uint8Array }>): Generator<SavedRow> {
  for (const { series, row } of rows.iterate()) yield { series, row: numbersOf(row) }
}

function bytesOf(row: Float64Array): Uint8Array {
  return new Uint8Array(row.buffer, row.byteOffset, row.byteLength)
}

function numbersOf(blob: Uint8Array): Float64Array {
  return new Float64Array(new Uint8Array(blob).buffer) // a copy, because a blob need not be aligned
}
