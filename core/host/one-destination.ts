import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { readConfig } from '../config/file.ts'
import { fileSecrets, passphraseName, secretName, withEnvironment } from '../config/secrets.ts'
import type { Config, OffsetSpan } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'
import { type LogReader, openReader } from '../log/reader.ts'
import type { DestinationWithPassword } from '../sync/forward.ts'
import { instant, WrongUse } from './command.ts'
import { defaultDataDir, type Places, placesIn } from './paths.ts'
import { calledOff } from './signals.ts'

// What commands about one destination are asked with.

export const aboutOne = {
  destination: { type: 'string' },
  data: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
} as const

interface Asked {
  readonly name: string
  readonly data: string
  /** What is read for the answer. `reader` is to be closed. */
  readonly how: {
    readonly made: DestinationWithPassword
    readonly site: string
    readonly reader: LogReader
    readonly viewsFile: string
    readonly stateFile: string
    readonly wanted: OffsetSpan
    readonly signal: AbortSignal
  }
}

/** By the options of `aboutOne`; Ctrl+C calls it off. */
export async function openAsked(
  values: { readonly [K in keyof typeof aboutOne]?: string | undefined },
): Promise<Asked> {
  const { destination: name, from, to } = values
  if (name === undefined) throw new WrongUse('--destination is missing')
  const data = resolve(values.data ?? defaultDataDir())
  const places = placesIn(data)
  const { config, made } = await destinationIn(places, name)
  const reader = openReader(places.log)
  const files = { viewsFile: places.views, stateFile: places.state }
  return {
    name,
    data,
    how: { made, site: config.site, reader, ...files, wanted: spanOf(reader, from, to), signal: calledOff() },
  }
}

/** With its secrets. Throws FieldError not_found where there is none of this name, or nothing was ever sent. */
async function destinationIn(
  places: Places,
  name: string,
): Promise<{ readonly config: Config; readonly made: DestinationWithPassword }> {
  if (!existsSync(places.state))
    throw new FieldError('not_found', `there is no ${places.state}: nothing was ever sent from this data directory`)
  const config = readConfig(places.config)
  const destination = config.destinations.find((one) => one.name === name)
  if (destination === undefined)
    throw new FieldError('not_found', `there is no destination "${name}"`, {
      hint: `There is: ${config.destinations.map((one) => one.name).join(', ') || 'none'}.`,
    })
  const secrets = withEnvironment(fileSecrets(places.secrets), process.env)
  const password = await secrets.get(secretName('destination', name))
  const passphrase = await secrets.get(passphraseName('destination', name))
  return { config, made: { destination, password, passphrase } }
}

/** Of `--from` and `--to`: each an offset, or a time; absent: as far as there is something. */
function spanOf(reader: LogReader, from: string | undefined, to: string | undefined): OffsetSpan {
  return { from: offsetOf(reader, 'from', from) ?? 0, to: offsetOf(reader, 'to', to) ?? Number.MAX_SAFE_INTEGER }
}

function offsetOf(reader: LogReader, name: string, value: string | undefined): Offset | null {
  if (value !== undefined && /^\d+$/.test(value)) return Number(value)
  const at = instant(name, value)
  return at === null ? null : reader.offsetAt(at)
}

/** Tells each tenth once. */
export function tenths(tell: (text: string) => void): (done: number) => void {
  let told = 0
  return (done) => {
    if (Math.floor(done * 10) <= told) return
    told = Math.floor(done * 10)
    tell(`${told * 10} %`)
  }
}
