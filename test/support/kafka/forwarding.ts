import type { DestinationRow } from '../../../core/contract/calls.ts'
import { type DestinationWithPassword, type Forward, startForward } from '../../../core/sync/forward.ts'
import { endless, MadeSource } from './made-source.ts'

/** A forwarder of one destination, over a log that is made. */
export interface Forwarding {
  readonly forward: Forward
  /** Resolves to code, message and hint of an error that these words fit. */
  trouble(words: RegExp): Promise<string>
  until(fact: (row: DestinationRow) => boolean): Promise<DestinationRow>
}

/** Its log begins with a hundred records. */
export function startForwarding(dir: string, made: DestinationWithPassword, source = new MadeSource()): Forwarding {
  let changed = Promise.withResolvers<void>()
  const onStatus = () => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  const forward = startForward(
    {
      dir,
      reader: null as never, // the made source is read instead
      head: endless,
      viewsFile: '',
      site: 'hall',
      destinations: [made],
      now: () => Date.now(), // which a test may set
      onStatus,
    },
    { source, pace: { lingerMs: 1 } },
  )
  forward.head(100)
  const until = async (fact: (row: DestinationRow) => boolean): Promise<DestinationRow> => {
    for (;;) {
      const row = forward.rows()[0]!
      if (fact(row)) return row
      await changed.promise
    }
  }
  const trouble = async (words: RegExp) => told(await until((row) => told(row).search(words) >= 0))
  return { forward, trouble, until }
}

function told({ error }: DestinationRow): string {
  return error === null ? '' : `${error.code} ${error.message} ${error.hint}`
}
