import { setImmediate as turn } from 'node:timers/promises'
import type { SpanCount } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { BatchSource } from './batch.ts'
import type { Means } from './means.ts'
import type { Span } from './resume.ts'

/** Some seconds of work. */
const mostCounted = 500_000

/** How much it is to send a span once more. Beyond half a million records it is an estimate, and says so. */
export async function count(means: Means, source: BatchSource, span: Span, signal: AbortSignal): Promise<SpanCount> {
  let [at, records, bytes] = [span.from, 0, 0]
  while (at < span.to && records < mostCounted) {
    const batch = means.batch(at, span.to)
    at = batch.to
    records += batch.records
    bytes += batch.bytes
    await turn()
    if (signal.aborted) throw new FieldError('stopped', 'the count was called off')
  }
  const scale = at < span.to ? (span.to - span.from) / (at - span.from) : 1
  return {
    ...span,
    records: Math.round(records * scale),
    bytes: Math.round(bytes * scale),
    exact: scale === 1,
    began: span.from < span.to ? source.timeAt(span.from) : null,
    ended: span.from < span.to ? source.timeAt(span.to - 1) : null,
  }
}
