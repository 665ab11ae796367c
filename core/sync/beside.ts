import type { OffsetSpan } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'
import type { LogReader } from '../log/reader.ts'
import type { BatchSource } from './batch.ts'
import { formOf } from './destination.ts'
import type { DestinationWithPassword } from './forward.ts'
import type { Identity } from './identity.ts'
import { openLogSource } from './log-source.ts'
import { Login } from './login.ts'
import { type Means, meansOf } from './means.ts'
import { clientOf } from './sender.ts'
import { topicsOf } from './topics.ts'
import { WireMeter } from './wire-meter.ts'

/** What a command knows of a destination, outside of the program that sends to it. */
export interface Beside {
  readonly made: DestinationWithPassword
  readonly site: string
  readonly reader: LogReader
  readonly viewsFile: string
}

const requestMs = 10_000
const maxBytes = 512 * 1024

/** `destination`: the name that records carry, where they do. */
export function meansBeside(
  { made, site, reader, viewsFile }: Beside,
  identity: Identity,
  destination: string | null = null,
): { readonly means: Means; readonly source: BatchSource; readonly meter: WireMeter } {
  const { destination: config, password, passphrase } = made
  const source = openLogSource(reader, viewsFile)
  source.setUpto(reader.head())
  const meter = new WireMeter()
  const topics = topicsOf(config, site)
  const login = new Login(config, { password, passphrase: passphrase ?? null }, Date.now)
  const client = async () => {
    await login.ready(requestMs)
    return clientOf({ destination: config, login, requestMs, meter })
  }
  const voice = { ...identity, ...formOf(config), destination, site, topics }
  const principal = () => login.principal()
  const means = meansOf({ config, voice, topics, source, now: Date.now, client, principal, maxBytes })
  return { means, source, meter }
}

/** What of a span was sent, and is in the log still. */
export function sentOf(
  wanted: OffsetSpan,
  place: { readonly acked: Offset; readonly began: Offset | null },
  reader: LogReader,
): OffsetSpan {
  const from = Math.max(wanted.from, reader.base(), place.began ?? 0)
  return { from, to: Math.max(from, Math.min(wanted.to, place.acked, reader.head())) }
}

export function neverSent(name: string): FieldError {
  return new FieldError('not_found', `nothing was ever sent to "${name}"`)
}
