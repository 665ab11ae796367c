import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram, part } from './parts.ts'

const program = findProgram('mosquitto')

/** For `describe.skipIf(!hasMosquitto)`. */
export const hasMosquitto = part('mosquitto', program !== null, 'on Debian: apt-get install mosquitto')

export interface Mosquitto {
  readonly url: string
  readonly port: number
  /** Its own temporary directory: password and certificate files may be put here. */
  readonly dir: string
  /** What it has printed so far. */
  said(): string
  /** Ends the process; `start` brings it back on the same port with the same configuration. */
  halt(signal?: NodeJS.Signals): Promise<void>
  start(): Promise<void>
  /** Ends it and removes its directory. */
  stop(): Promise<void>
}

/**
 * A real broker on a free loopback port. `conf` lines come after ours and replace them where they name the same option;
 * `$DIR` in them stands for its directory, `files` are put there first.
 */
export async function startMosquitto(
  options: {
    readonly conf?: string
    readonly files?: Readonly<Record<string, string>>
    /** Hears what it prints, as it comes. */
    readonly heard?: (text: string) => void
  } = {},
): Promise<Mosquitto> {
  const dir = mkdtempSync(join(tmpdir(), 'mosquitto-'))
  const broker = new RunningMosquitto(dir, await freePort(), options.heard)
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(dir, name), text)
  writeFileSync(join(dir, 'mosquitto.conf'), configuration(broker.port, (options.conf ?? '').replaceAll('$DIR', dir)))
  await broker.start()
  return broker
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port')
  return address.port
}

function configuration(port: number, conf: string): string {
  const ours = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    'log_dest stderr',
    'log_type all',
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ]
  const named = new Set(conf.split('\n').map((line) => line.trim().split(' ')[0]))
  return [...ours.filter((line) => !named.has(line.split(' ')[0])), conf, ''].join('\n')
}

class RunningMosquitto implements Mosquitto {
  readonly dir: string
  readonly port: number
  private readonly heard: (text: string) => void
  private child: ChildProcess | null = null
  private output = ''

  constructor(dir: string, port: number, heard: (text: string) => void = () => {}) {
    this.dir = dir
    this.port = port
    this.heard = heard
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`
  }

  said(): string {
    return this.output
  }

  async start(): Promise<void> {
    if (program === null) throw new Error('mosquitto is missing; on Debian: apt-get install mosquitto')
    const child = spawn(program, ['-c', join(this.dir, 'mosquitto.conf')], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.child = child
    const running = Promise.withResolvers<void>()
    const from = this.output.length
    const listen = (chunk: Buffer) => {
      this.output += chunk
      this.heard(String(chunk))
      if (/mosquitto version \S+ running/.test(this.output.slice(from))) running.resolve()
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.once('exit', (code) => running.reject(new Error(`mosquitto ended with ${code}:\n${this.output}`)))
    await running.promise
  }

  async halt(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.child
    this.child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    // Mosquitto 2.0.11 loses a SIGTERM that comes right after its start.
    const deaf = setTimeout(() => child.kill('SIGKILL'), 2_000)
    await once(child, 'exit')
    clearTimeout(deaf)
  }

  async stop(): Promise<void> {
    await this.halt()
    rmSync(this.dir, { recursive: true, force: true })
  }
}
