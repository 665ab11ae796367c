import { existsSync } from 'node:fs'
import { resolve, sep } from 'node:path'
import { FieldError } from '../../contract/errors.ts'
import { Backup, type Manifest } from '../../log/backup.ts'
import { type Command, parse, WrongUse } from '../command.ts'
import { defaultDataDir, type Places, placesIn } from '../paths.ts'

const usage = `--to PATH [--data DIR] [--secrets] [--json]

  --to PATH   folder of the backup: empty, new, or that of an earlier one, where only what is new is copied
  --data DIR  data directory; it may be in use (default: ${defaultDataDir()})
  --secrets   the passwords too: who can read the backup can then read them
  --json      the result as one line of JSON`

const options = {
  to: { type: 'string' },
  data: { type: 'string' },
  secrets: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

/** A log that lets files go while it is copied is begun anew; what was copied stays copied. */
const tries = 5

export const backup: Command = {
  name: 'backup',
  summary: 'Copy the log, the configuration and how far each Kafka has been sent to; the recorder may go on',
  usage,
  run: async (args, io) => {
    const { values } = parse(args, options, 'no files')
    if (values.to === undefined) throw new WrongUse('--to is missing')
    const data = resolve(values.data ?? defaultDataDir())
    const to = resolve(values.to)
    if (to === data || to.startsWith(data + sep))
      throw new FieldError('bad_input', `--to ${to} lies in the data directory, and would be lost with it`, {
        path: 'to',
      })
    const { manifest, copied, problems } = await makeBackup(placesIn(data), to, values.secrets === true)
    for (const problem of problems) io.err(problem)
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
    const { base, head, files } = manifest
    if (values.json === true) io.out(JSON.stringify({ to, base, head, files: files.length, copied, bytes, problems }))
    else
      io.out(
        `Records ${base} to ${head - 1} are in ${to}: ${files.length} files (${bytes} bytes), ${copied} of them copied now.` +
          (problems.length === 0
            ? ''
            : ` ${problems.length} of what was copied is damaged: see above, and run verify.`),
      )
    return problems.length === 0 ? 0 : 1
  },
}

async function makeBackup(places: Places, to: string, secrets: boolean) {
  for (let left = tries; ; left--) {
    const making = new Backup(to, Date.now())
    try {
      return { manifest: await fill(making, places, secrets), copied: making.copied, problems: making.problems }
    } catch (error) {
      making.giveUp()
      if (left === 1 || (error as NodeJS.ErrnoException).code !== 'ENOENT' || !existsSync(places.log)) throw error
    }
  }
}

/** What follows the log comes before it, so that it never says more than the log holds. */
async function fill(making: Backup, places: Places, secrets: boolean): Promise<Manifest> {
  await making.addDatabase('state.db', places.state)
  await making.addFile('config.json', places.config)
  await making.addFile('demo.json', places.demo)
  if (secrets)
    for (const name of ['secrets.json', 'secrets.sealed.json'])
      await making.addFile(name, resolve(places.secrets, '..', name))
  return making.finish(await making.addLog(places.log))
}
