import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { AlertRow } from '../../contract/calls.ts'
import { FieldError } from '../../contract/errors.ts'
import { openQueries } from '../../views/queries.ts'
import type { Command } from '../command.ts'
import { instant, parse } from '../command.ts'
import { defaultDataDir, placesIn } from '../paths.ts'

const usage = `[--data DIR] [--at TIME] [--json]

  --data DIR  data directory; it may be in use (default: ${defaultDataDir()})
  --at TIME   as it was then, with no later knowledge (default: now)
  --json      one alert a line, whole`

export const alerts: Command = {
  name: 'alerts',
  summary: 'What is open, or was open at an instant',
  usage,
  run: async (args, io) => {
    const { values } = parse(
      args,
      { data: { type: 'string' }, at: { type: 'string' }, json: { type: 'boolean' } },
      'no files',
    )
    const at = instant('at', values.at)
    const { views, log } = placesIn(resolve(values.data ?? defaultDataDir()))
    if (!existsSync(views))
      throw new FieldError(
        'not_found',
        `there are no views in ${views} yet; run "fieldwatch serve" once, they are made from the log`,
      )
    const queries = openQueries(views, log)
    const { rows, total } = queries.alerts({ at, show: 'open', device: null, limit: 1_000 })
    queries.close()
    for (const row of rows) io.out(values.json === true ? JSON.stringify(row.alert) : line(row))
    io.err(total === 0 ? 'No alert is open.' : `${total} open.`)
    return 0
  },
}

function line({ alert, group }: AlertRow): string {
  return `${new Date(alert.since).toISOString()}  P${alert.priority}  ${group.padEnd(12)}  ${alert.device}${alert.signal === null ? '' : ` ${alert.signal}`}  ${alert.title}`
}
