import type { SignalRow } from '../../contract/calls.ts'
import type { Queries } from '../../views/queries.ts'
import type { Command } from '../command.ts'
import { defaultDataDir } from '../paths.ts'
import { openViewsAt } from '../views-at.ts'

const pageRows = 500

const usage = `[--data DIR] [--at TIME] [--json]

  --data DIR  data directory; it may be in use (default: ${defaultDataDir()})
  --at TIME   as it was then, with no later knowledge (default: now)
  --json      one series a line, whole

A unit with "?" is a guess. Names, units and merges are put on the page of a device, under Details.`

export const series: Command = {
  name: 'series',
  summary: 'Every signal: its name, unit, pace, and when it was seen',
  usage,
  run: async (args, io) => {
    const { queries, at, json } = openViewsAt(args)
    let n = 0
    for (const { device, signal } of signalsOf(queries, at)) {
      io.out(json ? JSON.stringify({ device, ...signal }) : line(device, signal))
      n += 1
    }
    queries.close()
    io.err(n === 1 ? '1 series.' : `${n} series.`)
    return 0
  },
}

function* signalsOf(
  queries: Queries,
  at: number | null,
): Generator<{ readonly device: string; readonly signal: SignalRow }> {
  for (let from = 0; ; from += pageRows) {
    const { rows, total } = queries.devices({ at, sort: 'area', filter: '', from, count: pageRows })
    for (const { device } of rows)
      for (const signal of queries.device({ id: device, at }).signals) yield { device, signal }
    if (from + pageRows >= total) return
  }
}

function line(
  device: string,
  { series, signal, said, unit, unitGuessed, cadence, everyMs, firstSeen, lastSeen, parts }: SignalRow,
): string {
  const name = said.name === null ? '' : ` "${said.name}"`
  const pace = everyMs === null ? '-' : `${cadence ?? 'about'} ${everyMs / 1_000} s`
  const merged = parts.length === 0 ? '' : `  with ${parts.map((part) => part.signal).join(', ')}`
  const measured = unit === null ? '-' : `${unit}${unitGuessed ? ' ?' : ''}`
  return `${series}  ${device} ${signal}${name}  ${measured}  ${pace}  ${when(firstSeen)} to ${when(lastSeen)}${merged}`
}

function when(time: number | null): string {
  return time === null ? '-' : new Date(time).toISOString().slice(0, 19)
}
