import type { OffsetSpan, Proof } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { LogReader } from '../log/reader.ts'
import { check } from './check.ts'
import { formOf } from './destination.ts'
import type { DestinationWithPassword } from './forward.ts'
import { readLedger } from './ledger.ts'
import { openLogSource } from './log-source.ts'
import { Login } from './login.ts'
import { type Means, meansOf } from './means.ts'
import { clientOf } from './sender.ts'
import { telemetryTopics, topicsOf } from './topics.ts'
import { WireMeter } from './wire-meter.ts'

export interface ReconcileOptions {
  readonly made: DestinationWithPassword
  readonly site: string
  readonly reader: LogReader
  readonly viewsFile: string
  readonly stateFile: string
  /** Bounds of the span, as far as it is confirmed and in the log. */
  readonly wanted: OffsetSpan
  readonly progress: (done: number) => void
  readonly signal: AbortSignal
}

const requestMs = 10_000
const maxBytes = 512 * 1024

/** A check from outside of the program that sends, which may run meanwhile: it only reads, here and there. */
export async function reconcile(options: ReconcileOptions): Promise<OffsetSpan & { readonly proof: Proof }> {
  const { made, reader, wanted, progress, signal } = options
  const { name } = made.destination
  const ledger = readLedger(options.stateFile)
  try {
    const place = ledger.place(name)
    if (place === null)
      throw new FieldError('not_found', `nothing was ever sent to "${name}", so there is nothing to compare`)
    const from = Math.max(wanted.from, reader.base(), place.began ?? 0)
    const span = { from, to: Math.max(from, Math.min(wanted.to, place.acked, reader.head())) }
    const means = meansFor(options, ledger.identity)
    const topics = telemetryTopics(means.topics)
    const aside = (of: OffsetSpan) => ledger.aside.readings(name, of)
    const { installation } = ledger.identity
    const kafka = await means.client()
    const by = { name, always: place.named === 1 }
    const asked = { kafka, installation, by, span, batch: means.batch, topics, aside, progress, signal }
    const proof = await check(asked).catch((error) => {
      throw means.explain(error).error
    })
    return { ...span, proof }
  } finally {
    ledger.close()
  }
}

function meansFor(
  { made, site, reader, viewsFile }: ReconcileOptions,
  identity: { installation: string; log: string },
): Means {
  const { destination: config, password, passphrase } = made
  const source = openLogSource(reader, viewsFile)
  source.setUpto(reader.head())
  const topics = topicsOf(config, site)
  const login = new Login(config, { password, passphrase: passphrase ?? null }, Date.now)
  const client = async () => {
    await login.ready(requestMs)
    return clientOf({ destination: config, login, requestMs, meter: new WireMeter() })
  }
  const voice = { ...identity, ...formOf(config), destination: null, site, topics }
  return meansOf({ config, voice, topics, source, now: Date.now, client, principal: () => login.principal(), maxBytes })
}
