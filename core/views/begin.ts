import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'
import { type Base, listBases, readBase } from '../log/base.ts'
import type { LogReader } from '../log/reader.ts'
import type { Path } from '../stream/path.ts'
import type { Ahead } from '../stream/plant.ts'
import { mappingsAhead } from './ahead.ts'
import { isExact, pathFrom } from './base.ts'
import { openViews, type ViewOptions, type ViewWriter } from './writer.ts'

/** Views and the path that goes on with them. */
export interface Begun {
  readonly views: ViewWriter
  readonly path: Path
  /** What could not be carried over, in a sentence; null: nothing was lost. */
  readonly note: string | null
}

export interface Beginning extends ViewOptions {
  /** Where new views begin. Default: at the base of the log. */
  readonly start?: Base | null
  /** What the path of new views knows ahead. Default: it is looked for, in the whole log. */
  readonly ahead?: readonly Ahead[]
}

/**
 * Opens the views of a log and the path that makes them. Where there are none that fit, they begin at the base of the
 * log, or at `start`: exactly where this version wrote it, else with rules, names and open alerts, and everything to learn.
 */
export function beginViews(
  file: string,
  reader: LogReader,
  { start = null, ahead: wanted, ...options }: Beginning = {},
): Begun {
  const from = reader.base()
  const found = start ?? (from === 0 ? null : nearestBase(reader.dir, from))
  const base = found instanceof FieldError ? null : found
  const views = openViews(file, {
    head: reader.head(),
    ...(base === null ? {} : { from: base.next }),
    image: () => (base !== null && isExact(base) ? base.tables : null),
    ...options,
  })
  const fresh = views.loadState() === null
  const ahead = views.ahead() ?? views.keepAhead(wanted ?? mappingsAhead(reader))
  return { views, path: pathFrom(views, base, ahead), note: fresh && from > 0 ? noteOf(from, found) : null }
}

/** The base at which the log begins, or the next one after; null: there is none. What is wrong with it is an answer too. */
export function nearestBase(dir: string, from: Offset): Base | FieldError | null {
  const next = listBases(dir).find((offset) => offset >= from)
  if (next === undefined) return null
  try {
    return readBase(dir, next)
  } catch (error) {
    if (error instanceof FieldError && error.code === 'log_damaged') return error
    throw error
  }
}

function noteOf(from: Offset, found: Base | FieldError | null): string {
  if (found instanceof FieldError) return `${found.message}: rules, names and learning begin anew at record ${from}.`
  return found === null
    ? `The log begins at record ${from}, and the base that belongs there is missing: rules, names and learning begin anew.`
    : `This version learns in another way: rules, names and open alerts were kept, learning begins anew at record ${from}.`
}
