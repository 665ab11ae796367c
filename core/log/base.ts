import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'
import { replaceDurably } from './durable.ts'

// file = u32 size of the header, header in JSON, known (zstd), tables (zstd).

/** What the records before an offset have come to, so that they may go. */
export interface Base {
  /** Everything before this offset is in it. */
  readonly next: Offset
  /** Of the program's part that reads `tables`; another cannot. */
  readonly version: string
  /** What every version can read. */
  readonly known: Uint8Array
  /** Exact, for the same version. */
  readonly tables: Uint8Array
}

interface Header {
  readonly format: number
  readonly next: Offset
  readonly version: string
  /** Bytes of it, packed. */
  readonly known: number
  /** Of everything behind the header. */
  readonly sha256: string
}

const format = 1

export function hasBase(dir: string, next: Offset): boolean {
  return existsSync(baseFile(dir, next))
}

/** Offsets of the bases in a directory, ascending. */
export function listBases(dir: string): Offset[] {
  if (!existsSync(dir)) return []
  const names = readdirSync(dir).filter((name) => /^\d{12,16}\.base$/.test(name))
  return names.map((name) => Number(name.slice(0, -5))).sort((a, b) => a - b)
}

/** Durable when it returns, and read back. */
export function writeBase(dir: string, base: Base): void {
  const known = zstdCompressSync(base.known)
  const tables = zstdCompressSync(base.tables)
  const header: Header = {
    format,
    next: base.next,
    version: base.version,
    known: known.length,
    sha256: sumOf([known, tables]),
  }
  const head = Buffer.from(JSON.stringify(header))
  const size = Buffer.alloc(4)
  size.writeUInt32LE(head.length)
  replaceDurably(baseFile(dir, base.next), size, head, known, tables)
  readBase(dir, base.next)
}

/** Throws FieldError log_damaged and log_newer, naming the file. */
export function readBase(dir: string, next: Offset): Base {
  const file = baseFile(dir, next)
  const bytes = readFileSync(file)
  const { header, body } = opened(file, bytes)
  if (header.format > format)
    throw new FieldError('log_newer', `${file} has format ${header.format}, this program knows ${format}`, {
      hint: 'start the newer Fieldwatch that wrote it; the file was not touched',
    })
  if (header.next !== next || sumOf([body]) !== header.sha256) throw damaged(file)
  const known = zstdDecompressSync(body.subarray(0, header.known))
  const tables = zstdDecompressSync(body.subarray(header.known))
  return { next, version: header.version, known, tables }
}

/** Bases before an offset: no record is kept that goes on from them. */
export function dropBases(dir: string, before: Offset): void {
  for (const next of listBases(dir)) if (next < before) dropBase(dir, next)
}

export function dropBase(dir: string, next: Offset): void {
  rmSync(baseFile(dir, next), { force: true })
}

export function baseFile(dir: string, next: Offset): string {
  return join(dir, `${String(next).padStart(12, '0')}.base`)
}

function opened(file: string, bytes: Buffer): { header: Header; body: Buffer } {
  try {
    const end = 4 + bytes.readUInt32LE(0)
    const header = JSON.parse(bytes.toString('utf8', 4, end)) as Header // its sum is compared before it is believed
    return { header, body: bytes.subarray(end) }
  } catch (cause) {
    throw damaged(file, cause)
  }
}

function sumOf(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

function damaged(file: string, cause?: unknown): FieldError {
  return new FieldError('log_damaged', `${file} is not as it was written`, {
    hint: 'restore it from a backup; without it rules, names and what was learned before its offset are lost',
    cause,
  })
}
