import { existsSync } from 'node:fs'
import { readConfig } from '../config/file.ts'
import { fileSecrets, passphraseName, secretName, withEnvironment } from '../config/secrets.ts'
import type { Config, OffsetSpan } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Offset } from '../contract/model.ts'
import type { LogReader } from '../log/reader.ts'
import type { DestinationWithPassword } from '../sync/forward.ts'
import { instant } from './command.ts'
import type { placesIn } from './paths.ts'

// What commands about one destination are asked with.

/** With its secrets. Throws FieldError not_found where there is none of this name, or nothing was ever sent. */
export async function destinationIn(
  places: Pick<ReturnType<typeof placesIn>, 'config' | 'secrets' | 'state'>,
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
export function spanOf(reader: LogReader, from: string | undefined, to: string | undefined): OffsetSpan {
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
