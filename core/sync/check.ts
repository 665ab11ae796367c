import { setImmediate as turn } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import type { Difference, Proof } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'
import type { Batch } from './batch.ts'
import { Comparison, type Found, mostDifferences } from './comparison.ts'
import { type Line, lineAt } from './lines.ts'
import type { Span } from './resume.ts'
import { type Origin, partitionOf } from './sender.ts'
import { type CommittedRecord, TopicReader } from './topic-reader.ts'

export interface CheckOptions {
  readonly kafka: Kafka
  /** By which its records are named. */
  readonly lines: readonly Line[]
  /** Whose records are counted; `always`: all of them say so. */
  readonly by: { readonly name: string; readonly always: boolean }
  readonly span: Span
  /** What the log makes of records from `from` on; telemetry only. */
  readonly batch: (from: Offset, limit: Offset) => Batch
  readonly topics: readonly string[]
  /** Readings that were set aside and not sent since, as `offset:index`. */
  readonly aside: (span: Span) => ReadonlySet<string>
  /** From 0 to 1. */
  readonly progress: (done: number) => void
  readonly signal: AbortSignal
}

/** 16 MB of places; a longer span is compared in parts, each of which reads the topics once more. */
const mostAtOnce = 4_000_000

/** Reads the telemetry topics as any consumer with `read_committed` sees them, and compares each record with the log. */
export async function check(options: CheckOptions): Promise<Proof> {
  const { from, to } = options.span
  let proof: Proof | null = null
  for (let at = from; at < to || proof === null; at += mostAtOnce) {
    const part = { from: at, to: Math.min(to, at + mostAtOnce) }
    const progress = (done: number) => options.progress((at - from + done * (part.to - at)) / Math.max(1, to - from))
    const found = await checkPart({ ...options, span: part, progress })
    proof = proof === null ? found : sum(proof, found)
  }
  return proof
}

async function checkPart(options: CheckOptions): Promise<Proof> {
  const { span, progress, topics } = options
  const comparison = new Comparison(span)
  await eachRecord(
    options,
    (of) => comparison.tell(of.offset, of.index),
    (at) => progress(0.3 * share(span, at)),
  )
  comparison.begin()
  const reading = new Reading(options, comparison)
  for (const [i, topic] of topics.entries())
    await reading.read(topic, (done) => progress(0.3 + 0.6 * ((i + done) / topics.length)))
  const counts = comparison.result()
  const absent = counts.arrived === counts.expected ? nothingAbsent : await lookForAbsent(options, comparison, reading)
  const differences = [...absent.missed, ...comparison.differences].slice(0, mostDifferences)
  const { setAside, deleted, missing } = absent
  return { ...counts, setAside, deleted, missing, read: reading.records, others: reading.others, topics, differences }
}

function share({ from, to }: Span, at: Offset): number {
  return (at - from) / Math.max(1, to - from)
}

/** Every Kafka record that the log makes of the span, in log order, a piece at a time. */
async function eachRecord(
  { span, batch, signal }: CheckOptions,
  use: (of: Origin, record: Batch['sent'][number]) => void,
  done: (at: Offset) => void = () => {},
): Promise<void> {
  for (let at = span.from; at < span.to; ) {
    const read = batch(at, span.to)
    for (const record of read.sent) if (record.of !== null) use(record.of, record)
    at = read.to
    done(at)
    await turn()
    stopWhenAsked(signal)
  }
}

interface Place {
  readonly partitions: number
  /** The oldest of ours in each partition that has deleted records; a partition that has not is absent. */
  readonly oldest: Map<number, Offset>
}

class Reading {
  records = 0
  /** Of this installation, by another destination or another copy. */
  others = 0
  private readonly o: CheckOptions
  private readonly comparison: Comparison
  private readonly places = new Map<string, Place>()

  constructor(options: CheckOptions, comparison: Comparison) {
    this.o = options
    this.comparison = comparison
  }

  async read(topic: string, done: (share: number) => void): Promise<void> {
    const reader = await TopicReader.open(this.o.kafka, topic)
    try {
      const partitions = reader.partitions()
      const place: Place = { partitions: partitions.length, oldest: new Map() }
      this.places.set(topic, place)
      for (const [i, partition] of partitions.entries())
        await this.readPartition(reader, partition, place, (share) => done((i + share) / partitions.length))
    } finally {
      await reader.close()
    }
  }

  /** Whether the topic has deleted what it held of that time in the partition of such a record. */
  deleted({ topic, key }: Batch['sent'][number], offset: Offset): boolean {
    const place = this.places.get(topic)
    const oldest = place?.oldest.get(partitionOf({ topic, key }, place.partitions))
    return oldest !== undefined && offset <= oldest // the cut may go through a message
  }

  private async readPartition(
    reader: TopicReader,
    partition: number,
    place: Place,
    done: (share: number) => void,
  ): Promise<void> {
    const { first, end } = await reader.bounds(partition)
    let oldest = Number.POSITIVE_INFINITY
    for await (const records of reader.span(partition, first, end, this.o.signal)) {
      for (const record of records) oldest = Math.min(oldest, this.note(record) ?? oldest)
      done(((records.at(-1)?.at ?? first) - first) / Math.max(1, end - first))
      await turn()
      stopWhenAsked(this.o.signal)
    }
    if (first > 0) place.oldest.set(partition, oldest)
  }

  /** Its offset in our log; null: it is another installation's. */
  private note(record: CommittedRecord): Offset | null {
    this.records += 1
    const { headers } = record
    const source = headers.get('edge-source')
    if (!this.o.lines.some((line) => line.source === source)) return null
    const offset = Number(headers.get('edge-offset'))
    // What another copy added after they parted has an offset of ours, and is another record.
    if (source !== lineAt(this.o.lines, offset).source || !this.isOurs(headers.get('edge-destination')))
      return this.skip()
    const { from, to } = this.o.span
    if (offset >= from && offset < to) this.comparison.found(foundOf(record, offset))
    return headers.has('edge-resend') ? null : offset
  }

  /** One that does not say whose it is was sent while its destination was alone in the topic. */
  private isOurs(by: string | undefined): boolean {
    return by === undefined ? !this.o.by.always : by === this.o.by.name
  }

  private skip(): null {
    this.others += 1
    return null
  }
}

/** A whole message, as in payload mode raw, has no index. */
function foundOf({ headers, key, partition }: CommittedRecord, offset: Offset): Found {
  const index = Number(headers.get('edge-index') ?? 0)
  const mark = headers.has('edge-resend') ? 'again' : headers.has('edge-maybe-dup') ? 'maybe twice' : null
  return { offset, index, line: `${partition} ${key}`, mark }
}

interface Absent extends Pick<Proof, 'setAside' | 'deleted' | 'missing'> {
  readonly missed: readonly Difference[]
}

const nothingAbsent: Absent = { setAside: 0, deleted: 0, missing: 0, missed: [] }

/** Why each record that was not found is not there. */
async function lookForAbsent(options: CheckOptions, comparison: Comparison, reading: Reading): Promise<Absent> {
  const aside = options.aside(options.span)
  const missed: Difference[] = []
  const counts = { setAside: 0, deleted: 0, missing: 0 }
  await eachRecord(options, ({ offset, index }, record) => {
    if (comparison.has(offset, index)) return
    if (aside.has(`${offset}:${index}`)) counts.setAside += 1
    else if (reading.deleted(record, offset)) counts.deleted += 1
    else {
      counts.missing += 1
      if (missed.length < mostDifferences) missed.push({ offset, index, what: 'missing' })
    }
  })
  return { ...counts, missed }
}

function stopWhenAsked(signal: AbortSignal): void {
  if (signal.aborted) throw new FieldError('stopped', 'the check was stopped')
}

function sum(a: Proof, b: Proof): Proof {
  const added = Object.fromEntries(
    Object.entries(b).map(([key, value]) => [
      key,
      typeof value === 'number' ? value + (a[key as 'read'] as number) : value,
    ]),
  ) as unknown as Proof // the same keys, with their numbers added
  return {
    ...added,
    read: Math.max(a.read, b.read),
    others: Math.max(a.others, b.others),
    differences: [...a.differences, ...b.differences].slice(0, mostDifferences),
  }
}
