import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A Kafka broker as a process of its own, which ends with this one. */
export class BrokerProcess {
  readonly dir: string
  private child: ChildProcess | null = null

  /** `dir`: where it writes what it says. */
  constructor(dir: string) {
    this.dir = dir
  }

  /** By the arguments of `java`. */
  start(args: readonly string[]): void {
    const out = openSync(join(this.dir, 'broker.log'), 'a')
    this.child = spawn('java', args, { stdio: ['ignore', out, out] })
    closeSync(out)
    process.once('exit', this.killNow)
  }

  hasEnded(): boolean {
    return this.child?.exitCode !== null
  }

  log(): string {
    return readFileSync(join(this.dir, 'broker.log'), 'utf8')
  }

  /** SIGTERM, and waits. */
  stop(): Promise<void> {
    return this.end('SIGTERM')
  }

  /** SIGKILL, and waits. */
  kill(): Promise<void> {
    return this.end('SIGKILL')
  }

  freeze(): void {
    this.child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.child?.kill('SIGCONT')
  }

  private readonly killNow = () => {
    this.child?.kill('SIGKILL')
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this
    if (child === null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    if (child.exitCode === null && child.signalCode === null && child.kill(signal)) await ended
    process.off('exit', this.killNow)
    this.child = null
  }
}
