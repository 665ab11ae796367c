import { FieldError } from '../contract/errors.ts'
import type { Command, Io } from './command.ts'
import { WrongUse } from './command.ts'
import { alerts } from './commands/alerts.ts'
import { backup } from './commands/backup.ts'
import { bench } from './commands/bench.ts'
import { detect } from './commands/detect.ts'
import { exportSpan } from './commands/export.ts'
import { importFiles } from './commands/import.ts'
import { link } from './commands/link.ts'
import { play } from './commands/play.ts'
import { reconcile } from './commands/reconcile.ts'
import { resend } from './commands/resend.ts'
import { restore } from './commands/restore.ts'
import { rules } from './commands/rules.ts'
import { series } from './commands/series.ts'
import { serve, start } from './commands/serve.ts'
import { verify } from './commands/verify.ts'
import { packageVersion } from './package.ts'

const commands: readonly Command[] = [
  serve,
  start,
  link,
  importFiles,
  play,
  alerts,
  rules,
  series,
  detect,
  exportSpan,
  verify,
  backup,
  restore,
  reconcile,
  resend,
  bench,
]

const terminal: Io = {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
}

/** Runs one command line. Exit codes: 0 ok, 1 failed, 2 wrong use. */
export async function runCli(args: readonly string[], io: Io = terminal): Promise<0 | 1 | 2> {
  const [name, ...rest] = args
  if (name === '--version') return said(io, packageVersion())
  if (name === '--help' || name === '-h' || name === 'help') return said(io, overview())
  const command = commands.find((one) => one.name === name)
  if (command === undefined)
    return misused(io, name === undefined ? 'a command is missing' : `"${name}" is not a command`, overview())
  if (rest.includes('--help') || rest.includes('-h')) return said(io, helpOf(command))
  try {
    return await command.run(rest, io)
  } catch (error) {
    if (error instanceof WrongUse) return misused(io, error.message, helpOf(command))
    io.err(inWords(error))
    return 1
  }
}

function said(io: Io, text: string): 0 {
  io.out(text)
  return 0
}

function misused(io: Io, why: string, help: string): 2 {
  io.err(`fieldwatch: ${why}\n\n${help}`)
  return 2
}

function overview(): string {
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(9)} ${summary}`).join('\n')
  return `Usage: fieldwatch COMMAND [OPTIONS]\n\n${list}\n\n"fieldwatch COMMAND --help" tells more. Exit codes: 0 ok, 1 failed, 2 wrong use.`
}

function helpOf(command: Command): string {
  return `Usage: fieldwatch ${command.name} ${command.usage}\n\n${command.summary}.`
}

function inWords(error: unknown): string {
  if (error instanceof FieldError) return `fieldwatch: ${error.message}${error.hint === null ? '' : `\n${error.hint}`}`
  return `fieldwatch: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}
