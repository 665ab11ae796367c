import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Client, connectClient } from './client.ts'

const root = join(import.meta.dirname, '..', '..')
const cli = join(root, 'dist/core/host/cli.js')

export interface App {
  readonly pid: number
  /** Opens the page; works once. */
  readonly link: string
  /** What it printed on stderr so far. */
  said(): string
  /** Ends at once, as a power cut would. */
  kill(): Promise<void>
  /** An ordered stop; resolves to the exit code. */
  stop(): Promise<number | null>
}

/** The built program as its own process, ready to answer. `args` follow `serve --json --port 0`. */
export async function startApp(
  args: readonly string[],
  command: 'serve' | 'start' = 'serve',
  env: NodeJS.ProcessEnv = {},
): Promise<App> {
  const child = spawn(process.execPath, [cli, command, '--json', '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk
  })
  const ended = once(child, 'exit')
  const first = await firstLine(child, () => said)
  return {
    pid: child.pid!,
    link: (JSON.parse(first) as { url: string }).url,
    said: () => said,
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
    stop: async () => {
      child.kill('SIGTERM')
      await ended
      return child.exitCode
    },
  }
}

/** A second page of the same app, by the API alone. */
export function openClient(app: App): Promise<Client> {
  return connectClient(app.link)
}

/** Runs one command of the built program to its end. */
export async function runFieldwatch(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const out = collect(child.stdout)
  const err = collect(child.stderr)
  await once(child, 'close')
  return { code: child.exitCode, out: out(), err: err() }
}

/** Waits for a fact, asking for it every 100 ms; says what was last seen when it does not come. */
export async function until<T>(what: string, ask: () => Promise<T | null | false>, limitMs = 60_000): Promise<T> {
  const end = Date.now() + limitMs
  let last = ''
  while (Date.now() < end) {
    const seen = await ask().catch((error: Error) => {
      last = error.message
      return null
    })
    if (seen !== null && seen !== false) return seen
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${what}: not seen within ${limitMs / 1000} s. ${last}`)
}

async function firstLine(child: ChildProcess, said: () => string): Promise<string> {
  const line = Promise.withResolvers<string>()
  createInterface({ input: child.stdout! }).once('line', line.resolve)
  child.once('exit', (code) => line.reject(new Error(`the app ended with ${code} before it was ready:\n${said()}`)))
  return line.promise
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString()
}
