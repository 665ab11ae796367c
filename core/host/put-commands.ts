import type { Calls } from '../contract/calls.ts'
import { openLog } from '../log/log.ts'
import { throughDoor } from './door.ts'
import { takeLock, takeLockIfFree } from './lock.ts'
import { placesIn } from './paths.ts'

type Command = Calls['command']['in']

/**
 * Writes what a person has done into the log of a data directory, through the program where one runs on it. `whole` adds
 * what that program would.
 */
export async function putCommands(
  dataDir: string,
  commands: readonly Command[],
  whole: (command: Command) => Command = (command) => command,
): Promise<void> {
  const { door, log } = placesIn(dataDir)
  const free = takeLockIfFree(dataDir)
  if (free === null && (await throughDoor(door, commands)) !== null) return
  const release = free ?? takeLock(dataDir) // says who has it, unless that one has ended meanwhile
  try {
    append(log, commands.map(whole))
  } finally {
    release()
  }
}

/** As of the time at which the log ends: at the time of day every device of an imported log would fall silent by it. */
function append(dir: string, commands: readonly Command[]): void {
  const log = openLog(dir)
  const time = log.head === 0 ? Date.now() : log.lastTime
  log.append(
    commands.map(({ name, value }) => {
      return { time, kind: 'command', source: '', name, bytes: Buffer.from(JSON.stringify(value)) }
    }),
  )
  log.close()
}
