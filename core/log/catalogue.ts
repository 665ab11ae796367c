import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'

/** A finished segment: its bytes never change again. */
export interface SealedSegment {
  readonly first: Offset
  /** Records in it; the next segment begins at first + n. */
  readonly n: number
  readonly bytes: number
  readonly sha256: string
}

/** Sealed segments by first offset, ascending; empty when none was sealed yet. */
export function readCatalogue(dir: string): SealedSegment[] {
  const file = catalogueFile(dir)
  if (!existsSync(file)) return []
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!isCatalogue(content))
    throw new FieldError('log_damaged', `${file} is not a catalogue of segments`, {
      hint: 'delete it: checksums are taken anew at the next start',
    })
  return content.segments
}

/** Replaces the file as a whole: after a crash it is the old one or the new one. */
export function addToCatalogue(dir: string, sealed: SealedSegment): void {
  const others = readCatalogue(dir).filter((segment) => segment.first !== sealed.first)
  const segments = [...others, sealed].sort((a, b) => a.first - b.first)
  const file = catalogueFile(dir)
  writeDurably(`${file}.new`, JSON.stringify({ version: 1, segments }, null, 1))
  renameSync(`${file}.new`, file)
}

function catalogueFile(dir: string): string {
  return join(dir, 'catalogue.json')
}

function isCatalogue(content: unknown): content is { segments: SealedSegment[] } {
  return typeof content === 'object' && content !== null && 'segments' in content && Array.isArray(content.segments)
}

function writeDurably(file: string, text: string): void {
  const fd = openSync(file, 'w')
  try {
    writeSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
