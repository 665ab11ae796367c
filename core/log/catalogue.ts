import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'
import { replaceDurably } from './durable.ts'

/** A finished segment: its bytes never change again. */
export interface SealedSegment {
  readonly first: Offset
  /** Records in it; the next segment begins at first + n. */
  readonly n: number
  readonly bytes: number
  readonly sha256: string
}

interface Catalogue {
  /** Retention has let everything before this offset go. */
  readonly begins: Offset
  readonly segments: readonly SealedSegment[]
}

/** Sealed segments by first offset, ascending; empty when none was sealed yet. */
export function readCatalogue(dir: string): SealedSegment[] {
  return [...read(dir).segments]
}

/** The offset that retention has come to: a file before it is one that could not be removed yet. */
export function keptFrom(dir: string): Offset {
  return read(dir).begins
}

export function addToCatalogue(dir: string, sealed: SealedSegment): void {
  const { begins, segments } = read(dir)
  if (sealed.first < begins) return
  const others = segments.filter((segment) => segment.first !== sealed.first)
  write(dir, { begins, segments: [...others, sealed].sort((a, b) => a.first - b.first) })
}

/** Comes before the unlink, so that a file that is missing without it is damage. */
export function letGoBefore(dir: string, begins: Offset): void {
  write(dir, { begins, segments: read(dir).segments.filter((segment) => segment.first >= begins) })
}

function read(dir: string): Catalogue {
  const file = catalogueFile(dir)
  if (!existsSync(file)) return { begins: 0, segments: [] }
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!isCatalogue(content))
    throw new FieldError('log_damaged', `${file} is not a catalogue of segments`, {
      hint: 'delete it: checksums are taken anew at the next start',
    })
  return { begins: content.begins ?? 0, segments: content.segments }
}

function write(dir: string, catalogue: Catalogue): void {
  replaceDurably(catalogueFile(dir), Buffer.from(JSON.stringify({ version: 1, ...catalogue }, null, 1)))
}

function catalogueFile(dir: string): string {
  return join(dir, 'catalogue.json')
}

function isCatalogue(content: unknown): content is { begins?: Offset; segments: SealedSegment[] } {
  return typeof content === 'object' && content !== null && 'segments' in content && Array.isArray(content.segments)
}
