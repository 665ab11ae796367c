import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { app } from 'electron'

/**
 * An error that nobody expected ends the program, as it ends Node: Electron would show it and go on in a state
 * that nobody knows. The cause is kept beside the log; what was acknowledged is in the log.
 */
export function endOnFault(dataDir: string): void {
  const end = (error: unknown) => {
    const cause = error instanceof Error ? (error.stack ?? error.message) : String(error)
    process.stderr.write(`fieldwatch: ${cause}\n`)
    try {
      writeFileSync(join(dataDir, 'fault.txt'), `${new Date().toISOString()}\n${cause}\n`)
    } finally {
      app.exit(1)
    }
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}
