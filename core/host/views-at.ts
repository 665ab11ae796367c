import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'
import { openQueries, type Queries } from '../views/queries.ts'
import { instant, parse } from './command.ts'
import { defaultDataDir, placesIn } from './paths.ts'

export interface ViewsAt {
  readonly queries: Queries
  /** Null: now. */
  readonly at: Millis | null
  readonly json: boolean
}

/** For a command with --data, --at and --json: what it asks, of views that may be in use. The caller closes the queries. */
export function openViewsAt(args: readonly string[]): ViewsAt {
  const options = { data: { type: 'string' }, at: { type: 'string' }, json: { type: 'boolean' } } as const
  const { values } = parse(args, options, 'no files')
  const at = instant('at', values.at)
  const { views, log } = placesIn(resolve(values.data ?? defaultDataDir()))
  if (!existsSync(views))
    throw new FieldError(
      'not_found',
      `there are no views in ${views} yet; run "fieldwatch serve" once, they are made from the log`,
    )
  return { queries: openQueries(views, log), at, json: values.json === true }
}
