import { hash } from 'node:crypto'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Statement } from 'better-sqlite3'
import type { Offset } from '../contract/model.ts'
import type { Path, PathState, Slab } from '../stream/path.ts'
import type { Db } from './tables.ts'

// The path's own state lies beside the views, so that a restart needs one file. It is written in pages, those that changed,
// over many commits. A page has two rows, one that stands and one for the next state: until its line in `state` is written
// a state does not exist, and after a crash the one before it is whole.

export interface SavedState {
  /** Begins to save the path as it stands; `open` is called before anything is written, inside a commit of the caller. */
  begin(path: Pick<Path, 'save'>, open: () => void, next?: Offset): StateSave
  /** Null: nothing was saved yet. */
  load(): PathState | null
}

export interface StateSave {
  /** The path goes on from here, once it is whole. */
  readonly next: Offset
  /** Written so far. */
  readonly bytes: number
  /** Writes up to so many slabs. False: it is whole, and stands with the next commit. */
  write(slabs: number): boolean
}

export function openSavedState(db: Db): SavedState {
  return new Pages(db)
}

/** 16 kB, before they are packed. */
const pageNumbers = 2_048
const pagesOfSlab = 64
const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** As it stands. */
interface Page {
  /** Its row is `2 * key + side`. */
  readonly side: number
  /** Empty: not known. */
  readonly sum: string
}

interface Line extends Omit<PathState, 'core' | 'slabs'> {
  readonly number: number
  readonly core: Uint8Array
}

class Pages implements SavedState {
  private readonly putLine: Statement<[string, number, number, Uint8Array]>
  private readonly putPage: Statement<[number, number, Uint8Array]>
  private readonly line: Statement<[], Line>
  private readonly dropPage: Statement<[number]>
  private readonly keys: Statement<[], { key: number; number: number }>
  private readonly page: Statement<[number], Uint8Array>
  private readonly standing = new Map<number, Page>()
  /** Rows of a state that did not become whole. */
  private readonly unfinished: number[] = []
  private number: number

  constructor(db: Db) {
    this.putLine = db.prepare("insert or replace into state values ('path', ?, ?, ?, ?)")
    this.putPage = db.prepare('insert or replace into state_page values (?, ?, ?)')
    this.line = db.prepare("select version, next, number, core from state where name = 'path'")
    this.dropPage = db.prepare('delete from state_page where key = ?')
    this.keys = db.prepare('select key, number from state_page order by number')
    this.page = db.prepare<[number], Uint8Array>('select page from state_page where key = ?').pluck()
    this.number = this.line.get()?.number ?? 0
    for (const { key, number } of this.keys.iterate())
      if (number > this.number) this.unfinished.push(key)
      else this.standing.set(key >> 1, { side: key & 1, sum: '' })
  }

  begin(path: Pick<Path, 'save'>, open: () => void, next?: Offset): StateSave {
    for (const key of this.unfinished.splice(0)) this.dropPage.run(key)
    const number = this.number + 1
    const written = new Map<number, Page>()
    let bytes = 0
    const saving = path.save((slab) => {
      open()
      bytes += this.writeSlab(slab, number, written)
    })
    const at = next ?? saving.next
    return {
      next: at,
      get bytes() {
        return bytes
      },
      write: (slabs) => {
        if (saving.give(slabs)) return true
        open()
        const core = zstdCompressSync(saving.core, fast)
        bytes += core.length
        this.putLine.run(saving.version, at, number, core)
        this.number = number
        for (const [key, page] of written) this.standing.set(key, page)
        return false
      },
    }
  }

  load(): PathState | null {
    const line = this.line.get()
    if (line === undefined) return null
    const { number: _, core, ...state } = line
    return { ...state, core: zstdDecompressSync(core).toString(), slabs: this.slabs() }
  }

  private writeSlab({ id, numbers }: Slab, number: number, written: Map<number, Page>): number {
    let bytes = 0
    for (let from = 0; from < numbers.length; from += pageNumbers) {
      const key = id * pagesOfSlab + from / pageNumbers
      const page = bytesOf(numbers.subarray(from, from + pageNumbers))
      const sum = hash('sha256', page, 'base64')
      const standing = this.standing.get(key)
      if (standing?.sum === sum) continue
      const packed = zstdCompressSync(page, fast)
      const side = standing === undefined ? 0 : 1 - standing.side
      this.putPage.run(2 * key + side, number, packed)
      written.set(key, { side, sum })
      bytes += packed.length
    }
    return bytes
  }

  private *slabs(): Generator<Slab> {
    const slabs = new Map<number, number[]>()
    for (const key of [...this.standing.keys()].sort((a, b) => a - b)) {
      const id = Math.floor(key / pagesOfSlab)
      const keys = slabs.get(id)
      if (keys === undefined) slabs.set(id, [key])
      else keys.push(key)
    }
    for (const [id, keys] of slabs) yield { id, numbers: numbersOf(keys.map((key) => this.packed(key))) }
  }

  private packed(key: number): Buffer {
    return zstdDecompressSync(this.page.get(2 * key + this.standing.get(key)!.side)!)
  }
}

function bytesOf(numbers: Float64Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}

function numbersOf(pages: readonly Buffer[]): Float64Array {
  return new Float64Array(new Uint8Array(Buffer.concat(pages)).buffer) // a copy, because a buffer need not be aligned
}
