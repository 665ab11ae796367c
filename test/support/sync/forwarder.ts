import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { DestinationConfig, DestinationRow } from '../../../core/contract/calls.ts'
import type { Millis, Offset } from '../../../core/contract/model.ts'
import type { Step } from '../../../core/sync/wait.ts'

export interface ForwarderOptions {
  /** Of its state.db. */
  readonly dir: string
  /** host:port, several with commas. */
  readonly address: string
  readonly name: string
  /** Where its log begins. */
  readonly from: Offset
  /** Where its log ended before it starts; absent: it holds whatever was sent. */
  readonly end?: Offset
  /** Of its topics. */
  readonly replication: number
  readonly partitions: number
  readonly delivery: DestinationConfig['delivery']
}

export type Order =
  | { readonly kind: 'head'; readonly head: Offset }
  /** The clock of its machine is ahead by this much from now on. */
  | { readonly kind: 'clock'; readonly aheadMs: Millis }
  | { readonly kind: 'retry' }
  /** After the next step of this name: SIGKILL, SIGSTOP, or only say so. */
  | { readonly kind: 'at'; readonly step: Step; readonly act: 'kill' | 'halt' | 'say' }
  | { readonly kind: 'stop' }

export type Word =
  | { readonly kind: 'row'; readonly row: DestinationRow }
  | { readonly kind: 'reached'; readonly step: Step }

/** A forwarder of one destination in a process of its own; its log is made, and as long as `head` says. */
export class Forwarder {
  row: DestinationRow | null = null
  readonly options: ForwarderOptions
  readonly ended: Promise<void>
  private readonly process: ChildProcess
  private readonly listeners = new Set<() => void>()
  private readonly reached: Step[] = []
  private over = false

  constructor(options: ForwarderOptions) {
    this.options = options
    const script = fileURLToPath(new URL('./forwarder-child.ts', import.meta.url))
    this.process = fork(script, [JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.ended = new Promise((resolve) =>
      this.process.once('close', () => {
        this.over = true
        this.tell()
        resolve()
      }),
    )
    this.process.on('message', (word: Word) => {
      if (word.kind === 'row') this.row = word.row
      else this.reached.push(word.step)
      this.tell()
    })
    this.process.on('error', () => {}) // it was killed while we spoke to it
  }

  order(order: Order): void {
    if (this.process.connected) this.process.send(order, () => {})
  }

  /** Resolves when the fact holds, or when the process has ended. */
  async until(fact: (row: DestinationRow) => boolean): Promise<DestinationRow> {
    return this.wait(() => (this.row !== null && fact(this.row) ? this.row : null))
  }

  /** Does it after the next step of this name; resolves once it is said, or the process has ended. */
  async at(step: Step, act: 'kill' | 'halt' | 'say'): Promise<void> {
    this.reached.length = 0
    this.order({ kind: 'at', step, act })
    if (act === 'kill') await this.ended
    else await this.wait(() => (this.reached.includes(step) ? step : null))
  }

  resume(): void {
    this.process.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.ended
  }

  async stop(): Promise<void> {
    this.order({ kind: 'stop' })
    await this.ended
  }

  private async wait<T>(ask: () => T | null): Promise<T> {
    for (;;) {
      const answer = ask()
      if (answer !== null) return answer
      if (this.over) throw new Error(`the forwarder of ${this.options.name} ended while something was asked of it`)
      await new Promise<void>((resolve) => {
        const heard = () => {
          this.listeners.delete(heard)
          resolve()
        }
        this.listeners.add(heard)
      })
    }
  }

  private tell(): void {
    for (const heard of [...this.listeners]) heard()
  }
}
