import type { AlertRow } from '../../contract/calls.ts'
import type { Command } from '../command.ts'
import { defaultDataDir } from '../paths.ts'
import { openViewsAt } from '../views-at.ts'

const usage = `[--data DIR] [--at TIME] [--json]

  --data DIR  data directory; it may be in use (default: ${defaultDataDir()})
  --at TIME   as it was then, with no later knowledge (default: now)
  --json      one alert a line, whole`

export const alerts: Command = {
  name: 'alerts',
  summary: 'What is open, or was open at an instant',
  usage,
  run: async (args, io) => {
    const { queries, at, json } = openViewsAt(args)
    const { rows, total } = queries.alerts({ at, show: 'open', device: null, limit: 1_000 })
    queries.close()
    for (const row of rows) io.out(json ? JSON.stringify(row.alert) : line(row))
    io.err(total === 0 ? 'No alert is open.' : `${total} open.`)
    return 0
  },
}

function line({ alert, group }: AlertRow): string {
  return `${new Date(alert.since).toISOString()}  P${alert.priority}  ${group.padEnd(12)}  ${alert.device}${alert.signal === null ? '' : ` ${alert.signal}`}  ${alert.title}`
}
