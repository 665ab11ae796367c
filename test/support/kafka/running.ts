import type { DestinationConfig, DestinationRow, SyncJob } from '../../../core/contract/calls.ts'
import type { Offset } from '../../../core/contract/model.ts'
import { type Forward, type ForwardParts, startForward } from '../../../core/sync/forward.ts'
import { endless, MadeSource } from './made-source.ts'

/** One destination that is being sent to. */
export interface Running {
  readonly forward: Forward
  /** Resolves to the row as soon as this is so. */
  until(fact: (row: DestinationRow) => boolean): Promise<DestinationRow>
  /** Resolves when the job has ended. */
  ended(id: string): Promise<SyncJob>
}

export interface RunningOptions {
  readonly dir: string
  readonly destination: DestinationConfig
  readonly password?: string | null
  /** Where the log ended before the start. */
  readonly head?: Offset
  readonly parts?: ForwardParts
}

/** Made records, and no pause between transactions. */
export function startRunning({ dir, destination, password = null, head = endless, parts }: RunningOptions): Running {
  let changed = Promise.withResolvers<void>()
  const forward = startForward(
    {
      dir,
      reader: null as never, // the made source is read instead
      head,
      viewsFile: '',
      site: 'hall',
      destinations: [{ destination, password }],
      now: Date.now,
      onStatus: () => {
        changed.resolve()
        changed = Promise.withResolvers()
      },
    },
    { source: new MadeSource(), pace: { lingerMs: 1 }, ...parts },
  )
  const when = async <T>(look: () => T | null): Promise<T> => {
    for (;;) {
      const seen = look()
      if (seen !== null) return seen
      await changed.promise
    }
  }
  return {
    forward,
    until: (fact) =>
      when(() => {
        const row = forward.rows()[0]!
        return fact(row) ? row : null
      }),
    ended: (id) => when(() => forward.jobRows(100).find((job) => job.id === id && job.state !== 'running') ?? null),
  }
}
