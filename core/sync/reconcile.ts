import type { OffsetSpan, Proof } from '../contract/calls.ts'
import { type Beside, meansBeside, neverSent, sentOf } from './beside.ts'
import { check } from './check.ts'
import { readLedger } from './ledger.ts'
import { telemetryTopics } from './topics.ts'

export interface ReconcileOptions extends Beside {
  readonly stateFile: string
  /** Bounds of the span, as far as it is confirmed and in the log. */
  readonly wanted: OffsetSpan
  readonly progress: (done: number) => void
  readonly signal: AbortSignal
}

/** A check from outside of the program that sends, which may run meanwhile: it only reads, here and there. */
export async function reconcile(options: ReconcileOptions): Promise<OffsetSpan & { readonly proof: Proof }> {
  const { made, reader, wanted, progress, signal } = options
  const { name } = made.destination
  const ledger = readLedger(options.stateFile)
  try {
    const place = ledger.place(name)
    if (place === null) throw neverSent(name)
    const span = sentOf(wanted, place, reader)
    const { means } = meansBeside(options, ledger.identity)
    const topics = telemetryTopics(means.topics)
    const aside = (of: OffsetSpan) => ledger.aside.readings(name, of)
    const { lines } = ledger.identity
    const kafka = await means.client()
    const by = { name, always: place.named === 1 }
    const asked = { kafka, lines, by, span, batch: means.batch, topics, aside, progress, signal }
    const proof = await check(asked).catch((error) => {
      throw means.explain(error).error
    })
    return { ...span, proof }
  } finally {
    ledger.close()
  }
}
