import type { Offset } from '../contract/model.ts'
import { readCatalogue } from './catalogue.ts'
import { openReader } from './reader.ts'
import { hashFile } from './sealer.ts'
import { listSegments, segmentFile } from './segment.ts'
import { type BlockPlace, SegmentReader } from './segment-reader.ts'

export interface Problem {
  readonly file: string
  /** Where it begins; null when it is about the file as a whole. */
  readonly offset: Offset | null
  readonly message: string
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

/** Reads everything: checksums, offsets without holes, sealed files against the catalogue. Changes nothing; a writer may go on. */
export async function verify(dir: string, signal?: AbortSignal): Promise<VerifyReport> {
  const reader = openReader(dir)
  const { firsts, head, bytes } = { firsts: listSegments(dir), head: reader.head(), bytes: reader.bytes() }
  reader.close()
  const problems: Problem[] = []
  const sealed = new Map(readCatalogue(dir).map((segment) => [segment.first, segment.sha256]))
  let blocks = 0
  let records = 0
  for (let i = 0; i < firsts.length; i++) {
    signal?.throwIfAborted()
    const first = firsts[i]!
    const read = readSegment(dir, first, firsts[i + 1] ?? head, problems)
    blocks += read.blocks
    records += read.records
    const expected = sealed.get(first)
    if (expected !== undefined) await compareSum(segmentFile(dir, first), expected, problems)
  }
  return { segments: firsts.length, blocks, records, bytes, base: firsts[0] ?? 0, head, problems }
}

function readSegment(dir: string, first: Offset, end: Offset, problems: Problem[]) {
  const count = { blocks: 0, records: 0 }
  try {
    const segment = new SegmentReader(dir, first)
    try {
      readBlocks(segment, end, count, problems)
    } finally {
      segment.close()
    }
  } catch (error) {
    problems.push({ file: segmentFile(dir, first), offset: null, message: words(error) })
  }
  return count
}

function readBlocks(
  segment: SegmentReader,
  end: Offset,
  count: { blocks: number; records: number },
  problems: Problem[],
): void {
  const { file } = segment
  let next = segment.first
  while (next < end) {
    const place = coverOrNext(segment, next) ?? { first: end, n: 0 }
    if (place.first > next) problems.push(hole(file, next, place.first))
    if (place.n === 0) return
    try {
      segment.block(place.first)
      count.blocks++
      count.records += place.first + place.n - Math.max(next, place.first)
    } catch (error) {
      problems.push({ file, offset: place.first, message: words(error) })
    }
    next = place.first + place.n
  }
}

/** Small blocks may be written again as one meanwhile: then it begins before `offset`. */
function coverOrNext(segment: SegmentReader, offset: Offset): BlockPlace | null {
  const here = segment.before(offset)
  return here !== null && offset < here.first + here.n ? here : segment.after(offset)
}

function hole(file: string, from: Offset, to: Offset): Problem {
  return { file, offset: from, message: `records ${from} to ${to - 1} are missing` }
}

async function compareSum(file: string, expected: string, problems: Problem[]): Promise<void> {
  const sum = await hashFile(file)
  if (sum !== null && sum.sha256 !== expected)
    problems.push({ file, offset: null, message: 'the file is not the one that was sealed: its sha256 differs' })
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
