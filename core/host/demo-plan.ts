import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { replaceFile } from '../config/file.ts'
import type { Millis } from '../contract/model.ts'
import type { DemoPlan } from './protocols.ts'

/** The demo plant of a data directory: kept, so that after a restart the same plant goes on with the same faults. */
export interface KeptPlan extends DemoPlan {
  /** Its history is in the log, whole. False after a crash in the middle: then it goes on where it stopped. */
  readonly prepared: boolean
}

/** The plan in `file`; a new one that begins now when there is none. A log in use gets no history before what it holds. */
export function demoPlan(file: string, now: Millis, logInUse: boolean): KeptPlan {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as KeptPlan // written here only
  } catch {
    return keepPlan(file, { seed: randomInt(2 ** 31), startedAt: now, prepared: logInUse })
  }
}

export function keepPlan(file: string, plan: KeptPlan): KeptPlan {
  replaceFile(file, `${JSON.stringify(plan)}\n`, 0o644)
  return plan
}
