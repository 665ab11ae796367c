import { basename, join } from 'node:path'
import type { Offset } from '../contract/model.ts'
import { baseFile, listBases, readBase } from './base.ts'
import { keptFrom, readCatalogue, type SealedSegment } from './catalogue.ts'
import { openReader } from './reader.ts'
import { hashFile } from './sealer.ts'
import { listSegments, openForReading, segmentFile } from './segment.ts'
import { SegmentReader } from './segment-reader.ts'

export interface Problem {
  readonly file: string
  /** Where it begins; null when it is about the file as a whole. */
  readonly offset: Offset | null
  readonly message: string
}

/** Somebody who has read the log up to an offset, at some time before. */
export interface Seen {
  readonly by: string
  readonly upto: Offset
}

export interface VerifyReport {
  readonly segments: number
  readonly blocks: number
  readonly records: number
  readonly bytes: number
  readonly base: Offset
  readonly head: Offset
  /** Empty: everything that was ever stored is here and reads as it was written. */
  readonly problems: readonly Problem[]
}

/**
 * Reads everything: checksums, offsets without holes, sealed files against the catalogue, the end against who has `seen`
 * it. Changes nothing; a writer may go on.
 */
export async function verify(dir: string, seen: readonly Seen[] = []): Promise<VerifyReport> {
  const problems: Problem[] = []
  const reader = openReader(dir)
  const firsts = listSegments(dir)
  const head = attempt(problems, newestOf(dir, firsts), () => reader.head()) ?? firsts.at(-1) ?? 0
  const bytes = reader.bytes()
  reader.close()
  const sealed = attempt(problems, join(dir, 'catalogue.json'), () => readCatalogue(dir)) ?? []
  const count = { blocks: 0, records: 0 }
  for (let i = 0; i < firsts.length; i++) {
    const file = segmentFile(dir, firsts[i]!)
    const expected = sealed.find(({ first }) => first === firsts[i])
    attempt(problems, file, () => readSegment(dir, firsts[i]!, firsts[i + 1] ?? head, count, problems))
    if (expected === undefined) attempt(problems, file, () => checkPages(file, problems))
    else await compareSum(file, expected, problems)
  }
  for (const { first, n } of sealed)
    if (!firsts.includes(first)) problems.push(hole(segmentFile(dir, first), first, first + n))
  for (const { by, upto } of seen)
    if (upto > head) problems.push({ ...hole(newestOf(dir, firsts), head, upto), message: cutShort(by, head, upto) })
  checkBases(dir, firsts[0] ?? 0, problems)
  const begins = attempt(problems, join(dir, 'catalogue.json'), () => keptFrom(dir)) ?? 0
  const kept = problems.filter(({ file }) => !(Number.parseInt(basename(file), 10) < begins)) // retention went on meanwhile
  return { segments: firsts.length, ...count, bytes, base: firsts[0] ?? 0, head, problems: kept }
}

/** One segment alone, to its end. */
export function verifySegment(
  dir: string,
  first: Offset,
): { readonly head: Offset; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const file = segmentFile(dir, first)
  const head = attempt(problems, file, () => headOf(dir, first)) ?? first
  attempt(problems, file, () => readSegment(dir, first, head, { blocks: 0, records: 0 }, problems))
  return { head, problems }
}

function headOf(dir: string, first: Offset): Offset {
  const segment = new SegmentReader(dir, first)
  try {
    return segment.head()
  } finally {
    segment.close()
  }
}

/** Null when it fails: what is wrong has become a problem, and the rest goes on. */
function attempt<T>(problems: Problem[], file: string, look: () => T): T | null {
  try {
    return look()
  } catch (error) {
    problems.push({ file, offset: null, message: words(error) })
    return null
  }
}

function newestOf(dir: string, firsts: readonly Offset[]): string {
  return segmentFile(dir, firsts.at(-1) ?? 0)
}

interface Count {
  blocks: number
  records: number
}

function readSegment(dir: string, first: Offset, end: Offset, count: Count, problems: Problem[]): void {
  const segment = new SegmentReader(dir, first)
  try {
    for (let next = first; next < end; ) next = readBlock(segment, next, end, count, problems)
  } finally {
    segment.close()
  }
}

/** Where to go on, behind what is there or is not. */
function readBlock(segment: SegmentReader, next: Offset, end: Offset, count: Count, problems: Problem[]): Offset {
  const { file } = segment
  try {
    const block = segment.block(next)
    if (block === null) {
      const found = segment.nextBlock(next, end)
      problems.push(hole(file, next, found))
      return found
    }
    count.blocks++
    count.records += block.first + block.n - next // small ones may have been written again as one meanwhile
    return block.first + block.n
  } catch (error) {
    problems.push({ file, offset: next, message: words(error) })
    return segment.nextBlock(next, end)
  }
}

/** The tree that holds the blocks, where no checksum of the whole file can tell. */
function checkPages(file: string, problems: Problem[]): void {
  const { db } = openForReading(file)
  try {
    const said = db.prepare<[], string>('pragma quick_check(5)').pluck().all()
    for (const message of said) if (message !== 'ok') problems.push({ file, offset: null, message })
  } finally {
    db.close()
  }
}

/** What the records before the log's beginning had come to. */
function checkBases(dir: string, from: Offset, problems: Problem[]): void {
  const bases = listBases(dir)
  for (const next of bases) attempt(problems, baseFile(dir, next), () => readBase(dir, next))
  if (from > 0 && !bases.some((next) => next >= from))
    problems.push({ file: baseFile(dir, from), offset: null, message: `the base of the log at ${from} is missing` })
}

/** A journal that lost its end is no damage that its checksums show: the commits before it are whole. */
function cutShort(by: string, head: Offset, upto: Offset): string {
  return `records ${head} to ${upto - 1} are missing: ${by} had read them`
}

function hole(file: string, from: Offset, to: Offset): Problem {
  return { file, offset: from, message: `records ${from} to ${to - 1} are missing` }
}

async function compareSum(file: string, expected: SealedSegment, problems: Problem[]): Promise<void> {
  const sum = await hashFile(file)
  if (sum !== null && sum.sha256 !== expected.sha256)
    problems.push({ file, offset: null, message: 'the file is not the one that was sealed: its sha256 differs' })
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
