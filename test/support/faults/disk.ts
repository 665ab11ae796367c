import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { findProgram, part } from '../parts.ts'

const compiler = findProgram('cc')

/** For `describe.skipIf(!hasFailingDisk)`: a disk that fails on order, for one process. */
export const hasFailingDisk = part(
  'a C compiler for the failing disk',
  process.platform === 'linux' && compiler !== null,
  'on Debian: apt-get install gcc libc6-dev',
)

/** Environment of a process for which what it writes below `below` can fail. `dir` holds the library and the order. */
export function failingDisk(dir: string, below: string): NodeJS.ProcessEnv {
  const library = join(dir, 'disk.so')
  const order = join(dir, 'order')
  const source = new URL('disk.c', import.meta.url).pathname
  const made = spawnSync(compiler ?? 'cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], {
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(`disk.c does not compile:\n${made.stderr}`)
  writeFileSync(order, new Uint8Array(20))
  return { LD_PRELOAD: library, FAULTS_DIR: below, FAULTS_ORDER: order }
}

export type DiskFault = 'ENOSPC' | 'EIO'

/** The orders of the process itself, or of one that it started with `failingDisk`. */
export class DiskOrders {
  private readonly fd: number

  constructor(file: string = process.env.FAULTS_ORDER ?? '') {
    this.fd = openSync(file, 'r+')
  }

  /** From now on operation `at` (1 is the next) fails, and all after it when the fault lasts. */
  fail(at: number, fault: DiskFault, lasting = false): void {
    this.give([at, constants.errno[fault], lasting ? 1 : 0, 0, 0])
  }

  /** The disk is well again. */
  heal(): void {
    this.give([0])
  }

  /** Since the last order. */
  counted(): { readonly operations: number; readonly failed: number } {
    const numbers = new Int32Array(5)
    readSync(this.fd, numbers, 0, 20, 0)
    return { operations: numbers[3]!, failed: numbers[4]! }
  }

  close(): void {
    closeSync(this.fd)
  }

  private give(numbers: readonly number[]): void {
    writeSync(this.fd, Int32Array.from(numbers), 0, numbers.length * 4, 0)
  }
}
