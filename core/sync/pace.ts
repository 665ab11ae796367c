import type { Millis } from '../contract/model.ts'

export interface Pace {
  /** Between transactions that are not full. */
  readonly lingerMs: Millis
  readonly statusEveryMs: Millis
  /** A status that says nothing new is written this often, so that a reader can tell an idle installation from a dead one. */
  readonly beatEveryMs: Millis
  /** The checkpoint follows over records that hold nothing to send this often, so that the log may let them go. */
  readonly passEveryMs: Millis
  /** The checkpoint of an idle destination is written again this often; clusters forget it after days. */
  readonly renewEveryMs: Millis
  readonly requestMs: Millis
  readonly stepMs: Millis
  /** The cluster aborts a transaction that is open for longer; so long an abandoned one holds readers back. */
  readonly transactionMs: Millis
}

export const usualPace: Pace = {
  lingerMs: 250,
  statusEveryMs: 10_000,
  beatEveryMs: 60_000,
  passEveryMs: 60_000,
  renewEveryMs: 3_600_000,
  requestMs: 10_000,
  stepMs: 45_000,
  transactionMs: 60_000,
}
