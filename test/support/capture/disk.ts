import { FieldError } from '../../../core/contract/errors.ts'
import type { Appending, Log } from '../../../core/log/log.ts'

/** A log whose disk takes nothing, or takes its time, when a test says so. */
export class Disk implements Log {
  /** Every commit fails as on a full disk. */
  full = false
  /** A commit of more bytes fails so. */
  room = Infinity
  /** Added to every commit, in which the thread stands still as it does in a real one. */
  commitMs = 0
  /** The most that came in one commit: records and their bytes. */
  largest = { records: 0, bytes: 0 }
  commits = 0
  private readonly log: Log

  constructor(log: Log) {
    this.log = log
  }

  get dir() {
    return this.log.dir
  }

  get head() {
    return this.log.head
  }

  get lastTime() {
    return this.log.lastTime
  }

  append(records: readonly Appending[]) {
    if (this.commitMs > 0) Atomics.wait(stillness, 0, 0, this.commitMs)
    const bytes = records.reduce((sum, record) => sum + record.bytes.length, 0)
    if (this.full || bytes > this.room) throw new FieldError('disk_full', 'the disk of the test takes nothing')
    this.largest = {
      records: Math.max(this.largest.records, records.length),
      bytes: Math.max(this.largest.bytes, bytes),
    }
    this.commits++
    return this.log.append(records)
  }

  bytesWritten() {
    return this.log.bytesWritten()
  }

  trouble() {
    return this.log.trouble()
  }

  lastWords() {
    this.log.lastWords()
  }

  letGo(...how: Parameters<Log['letGo']>) {
    return this.log.letGo(...how)
  }

  settled() {
    return this.log.settled()
  }

  close() {
    this.log.close()
  }
}

const stillness = new Int32Array(new SharedArrayBuffer(4))
