import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface Told {
  readonly head: number
  /** In the commit that it is about; 0 when it is about the state. */
  readonly messages: number
  /** Of what is wrong with the source. */
  readonly code: string | null
}

type How = 'before' | 'after' | 'slow' | 'natural'

/** Where and how a capture runs. */
export interface Surroundings {
  readonly env?: NodeJS.ProcessEnv
  /** Makes another command line of the one that starts it. */
  readonly within?: (line: readonly string[]) => readonly [string, readonly string[]]
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

  constructor(
    dir: string,
    url: string,
    version: '5' | '3.1.1' | 'inside',
    how: How = 'slow',
    { env, within }: Surroundings = {},
  ) {
    const line = [process.execPath, new URL('capture-child.ts', import.meta.url).pathname, dir, url, version, how]
    const [program, args] = within?.(line) ?? [line[0]!, line.slice(1)]
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
      detached: true, // a group of its own, so that nothing of it outlives a kill
    })
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

  /** Removes a file, where the capture runs. */
  remove(file: string): void {
    this.child.stdin?.write(`${file}\n`)
  }

  async kill(): Promise<void> {
    running.delete(this)
    if (this.child.exitCode === null && this.child.signalCode === null) process.kill(-this.child.pid!, 'SIGKILL')
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit')
  }

  /** A clean stop. */
  async stop(): Promise<void> {
    this.child.stdin?.end('stop\n')
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit')
    running.delete(this)
  }
}
