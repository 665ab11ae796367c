import type { Millis } from '../contract/model.ts'
import type { Pace } from './pace.ts'

/** When the checkpoint is to be written though nothing was sent. */
export class Renewal {
  private readonly pace: Pace
  /** When it was written last, by a clock that is never set. */
  private at: Millis

  /** `age` of the newest one; a clock that was set back since has not made it young for longer than it may be. */
  constructor(pace: Pace, age: Millis) {
    this.pace = pace
    this.at = performance.now() - Math.max(0, Math.min(age, pace.renewEveryMs))
  }

  written(): void {
    this.at = performance.now()
  }

  /** `tells`: a status record travels with it; `passes`: records went by that hold nothing to send. */
  dueIn({ tells, passes }: { readonly tells: boolean; readonly passes: boolean }): Millis {
    const { beatEveryMs, passEveryMs, renewEveryMs } = this.pace
    const every = Math.min(renewEveryMs, tells ? beatEveryMs : Infinity, passes ? passEveryMs : Infinity)
    return this.at + every - performance.now()
  }
}
