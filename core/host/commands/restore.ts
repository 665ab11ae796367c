import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { constants, copyFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { FieldError } from '../../contract/errors.ts'
import { type BackupFile, type Manifest, readManifest } from '../../log/backup.ts'
import { hashFile } from '../../log/sealer.ts'
import { verify } from '../../log/verify.ts'
import { Ledger } from '../../sync/ledger.ts'
import { type Command, parse, WrongUse } from '../command.ts'
import { defaultDataDir, placesIn } from '../paths.ts'

const usage = `--from PATH [--data DIR] [--damaged] [--json]

  --from PATH  folder of a backup
  --data DIR   data directory to make: empty, or not there yet (default: ${defaultDataDir()})
  --damaged    also when the log in the backup is damaged; what reads of it is kept
  --json       the result as one line of JSON`

const options = {
  from: { type: 'string' },
  data: { type: 'string' },
  damaged: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

export const restore: Command = {
  name: 'restore',
  summary: 'Make a data directory from a backup, verified before it is there',
  usage,
  run: async (args, io) => {
    const { values } = parse(args, options, 'no files')
    if (values.from === undefined) throw new WrongUse('--from is missing')
    const dataDir = resolve(values.data ?? defaultDataDir())
    const from = resolve(values.from)
    const manifest = readManifest(from)
    refuseUsed(dataDir)
    const { records, problems } = await restoreInto(dataDir, from, manifest, values.damaged === true)
    for (const { file, message } of problems) io.err(`${file}: ${message}`)
    const { base, head, time } = manifest
    if (values.json === true) io.out(JSON.stringify({ dataDir, base, head, time, records, problems }))
    else
      io.out(
        `${records} records, offsets ${base} to ${head - 1}, as of ${new Date(time).toISOString()}, are in ${dataDir}. ` +
          'A Kafka that got more since then is not sent to before you decide: see Sync.',
      )
    return 0
  },
}

function refuseUsed(dataDir: string): void {
  if (!existsSync(dataDir) || readdirSync(dataDir).length === 0) return
  throw new FieldError(
    'bad_input',
    `${dataDir} is not empty; a backup is restored into an empty or a new folder only`,
    {
      hint: 'choose another with --data, or move what is there away',
      path: 'data',
    },
  )
}

/** Everything is made and looked at beside the directory, which then appears at once. */
async function restoreInto(dataDir: string, from: string, { files }: Manifest, damaged: boolean) {
  const stage = `${dataDir}.restoring`
  if (existsSync(stage))
    throw new FieldError(
      'bad_input',
      `${stage} is left of a restore that was cut off, or one is under way; delete it`,
      {
        path: 'data',
      },
    )
  try {
    for (const file of files) await bring(file, from, stage)
    const report = await verify(placesIn(stage).log)
    const [first] = report.problems
    if (first !== undefined && !damaged)
      throw new FieldError('log_damaged', `the log in ${from} is damaged: ${first.message}`, {
        hint: 'restore another backup; with --damaged what reads of this one is restored',
      })
    markRestored(placesIn(stage).state)
    if (existsSync(dataDir)) rmdirSync(dataDir)
    renameSync(stage, dataDir)
    return report
  } catch (error) {
    rmSync(stage, { recursive: true, force: true })
    throw error
  }
}

async function bring({ name, path, sha256 }: BackupFile, from: string, stage: string): Promise<void> {
  const source = join(from, path)
  const copy = join(stage, name)
  if (!existsSync(source))
    throw new FieldError('log_damaged', `${source} is missing from the backup`, { hint: 'restore another backup' })
  mkdirSync(dirname(copy), { recursive: true })
  await copyFile(source, copy, constants.COPYFILE_FICLONE)
  if ((await hashFile(copy))?.sha256 !== sha256)
    throw new FieldError('log_damaged', `${source} is not as it was written: its sha256 differs`, {
      hint: 'restore another backup',
    })
}

/** What was sent after the backup is not known here: sync asks each cluster before it goes on, and stops where that cannot tell. */
function markRestored(state: string): void {
  if (!existsSync(state)) return
  const ledger = new Ledger(state)
  ledger.cameBack()
  ledger.close()
}
