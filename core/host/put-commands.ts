import type { Calls } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import { openLog } from '../log/log.ts'
import { throughDoor } from './door.ts'
import { takeLock } from './lock.ts'
import { placesIn } from './paths.ts'

/** Writes what a person has done into the log of a data directory, through the program where one runs on it. */
export async function putCommands(dataDir: string, commands: readonly Calls['command']['in'][]): Promise<void> {
  let release: () => void
  try {
    release = takeLock(dataDir)
  } catch (error) {
    if (!(error instanceof FieldError) || error.code !== 'log_locked') throw error
    if ((await throughDoor(placesIn(dataDir).door, commands)) === null) throw error
    return
  }
  try {
    append(placesIn(dataDir).log, commands)
  } finally {
    release()
  }
}

function append(dir: string, commands: readonly Calls['command']['in'][]): void {
  const log = openLog(dir)
  const time = Date.now()
  log.append(
    commands.map(({ name, value }) => {
      return { time, kind: 'command', source: '', name, bytes: Buffer.from(JSON.stringify(value)) }
    }),
  )
  log.close()
}
