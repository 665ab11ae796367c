import { availableParallelism } from 'node:os'
import type { Offset } from '../contract/model.ts'
import type { BlocksAhead } from '../log/reader.ts'
import { BlockRing } from '../log/ring.ts'
import type { Unpacked } from '../log/segment-reader.ts'
import type { ReadAheadData } from './protocols.ts'
import { startWorker } from './thread.ts'

/** The thread is there after 60 ms, in which 100,000 records are read without it. */
const worthIt = 200_000

/** Unpacks in a thread that is there as long as there is much to read. What goes wrong there is told by whoever reads it then. */
export class ReadAhead implements BlocksAhead {
  private readonly dir: string
  private readonly file: URL
  private least: number
  private ring: BlockRing | null = null
  /** No thread is there. */
  isOver = true

  /** `file`: of read-ahead-thread, which a module that is in one file with others would not find. `least`: records that are worth it. */
  constructor(dir: string, file: URL, least = worthIt) {
    this.dir = dir
    this.file = file
    this.least = least
  }

  begin(from: Offset, to: Offset): void {
    if (!this.isOver || to - from < this.least || availableParallelism() === 1) return
    this.isOver = false
    this.ring = new BlockRing()
    const data: ReadAheadData = { logDir: this.dir, from, to, memory: this.ring.memory }
    const worker = startWorker(this.file, 'read-ahead', data)
    worker.once('error', () => {
      this.least = Infinity // or it would be started again at each turn
    })
    worker.once('exit', () => {
      this.isOver = true
    })
    worker.unref()
  }

  take(from: Offset): Unpacked | null {
    const found = this.ring?.take(from) ?? null
    if (found === null && this.isOver) this.ring = null
    return found
  }

  close(): void {
    this.ring?.close()
    this.ring = null
  }
}
