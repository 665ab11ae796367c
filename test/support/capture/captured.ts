import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface Told {
  readonly head: number
  readonly messages: number
}

const running = new Set<CaptureProcess>()

/** Ends those that a failed test left. */
export async function killAll(): Promise<void> {
  for (const capture of running) await capture.kill()
}

/** A capture in a process of its own, so that it can be killed. */
export class CaptureProcess {
  private readonly child: ChildProcess
  private readonly lines: AsyncIterator<string>

  constructor(dir: string, url: string, version: '5' | '3.1.1', how: 'before' | 'after' | 'slow' | 'natural' = 'slow') {
    const child = spawn(
      process.execPath,
      [new URL('capture-child.ts', import.meta.url).pathname, dir, url, version, how],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    this.child = child
    running.add(this)
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  /** What it says of commits, until one satisfies the condition. */
  async until(enough: (told: Told) => boolean): Promise<Told> {
    for (;;) {
      const line = await this.lines.next()
      if (line.done) throw new Error(`the capture process ended with ${this.child.exitCode ?? this.child.signalCode}`)
      const told = JSON.parse(line.value) as Told // written by capture-child.ts
      if (enough(told)) return told
    }
  }

  async kill(): Promise<void> {
    running.delete(this)
    this.child.kill('SIGKILL')
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit')
  }

  /** A clean stop. */
  async stop(): Promise<void> {
    this.child.stdin?.end('stop\n')
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit')
    running.delete(this)
  }
}
