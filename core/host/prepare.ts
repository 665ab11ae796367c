import { setImmediate } from 'node:timers/promises'
import { history, historyStart } from '../ingest/demo/history.ts'
import type { Log } from '../log/log.ts'
import type { DemoPlan } from './protocols.ts'

/**
 * Writes the generated history of the demo plant into the log, from where it stands to the plan's start.
 * A crash in the middle is no harm: the same plan goes on behind the last whole batch. `told` hears the part that is done.
 */
export async function prepareHistory(
  log: Log,
  plan: DemoPlan,
  told: (done: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const start = historyStart(plan)
  for (const batch of history(plan, Math.max(start, log.lastTime + 1))) {
    if (signal.aborted) return
    log.append(batch)
    told((log.lastTime - start) / (plan.startedAt - start))
    await setImmediate() // so that questions and a stop get through
  }
}
