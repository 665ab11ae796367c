import { existsSync } from 'node:fs'
import type { Calls, Said } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Commands } from '../contract/model.ts'
import { openReader } from '../log/reader.ts'
import { refuseNewer } from '../log/segment.ts'
import { beginViews } from '../views/begin.ts'
import { type Catalogue, nameAt, type SeriesEntry } from '../views/catalogue.ts'
import { switchIn } from '../views/next.ts'
import { refer } from '../views/refer.ts'
import { type Views, viewsOf } from '../views/views.ts'
import { checkCommand } from './calls.ts'
import { takeLockIfFree } from './lock.ts'
import { placesIn } from './paths.ts'
import { putCommands } from './put-commands.ts'

/** What a person wants changed of what a series is called; `undo`: what held before the newest change. */
export type Renaming = Partial<Said> | 'undo'

/**
 * Says in the log what a series is called, through the program where one runs on it; else it is read into the views, too.
 * Answers what is said then.
 */
export async function rename(dataDir: string, series: number, renaming: Renaming, by: string): Promise<Said> {
  const { log, views } = placesIn(dataDir)
  refuseNewer(log)
  if (!existsSync(log))
    throw new FieldError('not_found', `there is no log in ${dataDir}`, { hint: 'Choose a data directory with --data.' })
  readIfFree(dataDir)
  const command = inViews(log, views, (held) => asked(held, series, renaming, by))
  await putCommands(dataDir, [command], (command) => inViews(log, views, (held) => refer(held, command)))
  readIfFree(dataDir)
  const { name, unit, into } = command.value as Commands['series.put'] // of the command that went in
  return { name, unit, into }
}

/** The program that runs reads it by itself. */
function readIfFree(dataDir: string): void {
  const release = takeLockIfFree(dataDir)
  if (release === null) return
  try {
    readAll(placesIn(dataDir).log, placesIn(dataDir).views)
  } finally {
    release()
  }
}

/** As the program does when it starts. */
function readAll(logDir: string, viewsFile: string): void {
  switchIn(viewsFile)
  const log = openReader(logDir, { damaged: 'skip' })
  const { views, path } = beginViews(viewsFile, log)
  try {
    for (;;) {
      const from = Math.max(path.next, log.base())
      const block = log.read(from)
      if (block === null) break
      path.step(block, Math.max(0, from - block.first), block.n, views)
    }
    views.saveState(path)
  } finally {
    views.close()
    log.close()
  }
}

function asked({ catalogue }: Views, series: number, renaming: Renaming, by: string): Calls['command']['in'] {
  const entry = catalogue.series[series]
  if (entry === undefined)
    throw new FieldError('not_found', `there is no series ${series}`, { hint: '"fieldwatch series" lists them.' })
  const now = saidOf(entry)
  const said = renaming === 'undo' ? before(entry, now) : { ...now, ...renaming }
  if (said.into !== null && said.into !== now.into) mustMerge(catalogue, entry, said.into)
  return checkCommand({ name: 'series.put', value: { series, ...said, by } })
}

function saidOf(entry: SeriesEntry): Said {
  return nameAt(entry, Number.MAX_SAFE_INTEGER).said
}

/** The path would pass over it. */
function mustMerge(catalogue: Catalogue, entry: SeriesEntry, into: number): void {
  const { id, type } = entry
  const target = catalogue.series[into]
  const fits = target !== undefined && into !== id && target.type === type
  if (fits && saidOf(target).into === null && catalogue.partsOf(entry, Number.MAX_SAFE_INTEGER).length === 1) return
  throw new FieldError('bad_input', `series ${id} cannot be read into series ${into}`, {
    hint: 'Both must be of one type, and neither part of another merge.',
  })
}

function before({ id, names }: SeriesEntry, now: Said): Said {
  if (names.every((named) => isSame(named, noName)))
    throw new FieldError('bad_input', `series ${id} was never called anything: there is nothing to undo`)
  const { name, unit, into } = names.findLast((named) => !isSame(named, now)) ?? noName
  return { name, unit, into }
}

const noName: Said = { name: null, unit: null, into: null }

function isSame(a: Said, b: Said): boolean {
  return a.name === b.name && a.unit === b.unit && a.into === b.into
}

function inViews<T>(logDir: string, viewsFile: string, use: (views: Views) => T): T {
  const log = openReader(logDir)
  const views = viewsOf(viewsFile, log, Date.now)
  try {
    views.refresh()
    return use(views)
  } finally {
    views.db.close()
    log.close()
  }
}
