import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import type { Said, SignalRow } from '../../contract/calls.ts'
import type { Queries } from '../../views/queries.ts'
import { type Command, type Io, parse, WrongUse } from '../command.ts'
import { defaultDataDir } from '../paths.ts'
import { type Renaming, rename } from '../rename.ts'
import { openViewsAt } from '../views-at.ts'

const pageRows = 500

const usage = `[--data DIR] [--at TIME] [--json]
       fieldwatch series rename ID [NAME] | unit ID [UNIT] | merge ID [INTO] | undo ID  [--data DIR] [--json]

  rename ID NAME  call a series so, from here on; without NAME as its messages do
  unit ID UNIT    say what it is measured in, which confirms a guess or corrects it; without UNIT nobody says it
  merge ID INTO   read it into another series, of another device too, from here on; without INTO it is one of its own again
  undo ID         what held before the newest of these
  --data DIR      data directory; the program may run on it (default: ${defaultDataDir()})
  --at TIME       as it was then, with no later knowledge (default: now)
  --json          one series a line, whole

The numbers are those that the list begins with. A unit with "?" is a guess until somebody says it.`

export const series: Command = {
  name: 'series',
  summary: 'Every signal: its name, unit, pace, and when it was seen; or call one otherwise',
  usage,
  run: async (args, io) => {
    const word = args[0]
    if (word !== undefined && Object.hasOwn(renamings, word))
      return change(word as keyof typeof renamings, args.slice(1), io)
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

const renamings = {
  rename: (name) => ({ name }),
  unit: (unit) => ({ unit }),
  merge: (into) => ({ into: into === null ? null : seriesId(into) }),
  undo: () => 'undo',
} as const satisfies Readonly<Record<string, (what: string | null) => Renaming>>

async function change(word: keyof typeof renamings, args: readonly string[], io: Io): Promise<0> {
  const { values, files } = parse(args, { data: { type: 'string' }, json: { type: 'boolean' } }, 'files')
  const [id, what = null] = files
  if (id === undefined) throw new WrongUse(`${word}: the number of a series is missing; the list begins with it`)
  if (files.length > (word === 'undo' ? 1 : 2))
    throw new WrongUse(`${word}: "${files.at(-1)}" is too much; write words in quotes`)
  const series = seriesId(id)
  const said = await rename(
    resolve(values.data ?? defaultDataDir()),
    series,
    renamings[word](what),
    userInfo().username,
  )
  io.out(values.json === true ? JSON.stringify({ series, said }) : sentence(series, said))
  io.err(`To undo it: fieldwatch series undo ${series}`)
  return 0
}

function seriesId(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new WrongUse(`"${text}" is not the number of a series; the list begins with it`)
  return Number(text)
}

function sentence(series: number, { name, unit, into }: Said): string {
  const named = name === null ? 'is called as its messages do' : `is called "${name}"`
  const measured = unit === null ? 'nobody says its unit' : `its unit is ${unit}`
  const merged = into === null ? '' : `, and it is read into series ${into}`
  return `Series ${series} ${named}, ${measured}${merged}.`
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
