import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Millis } from '../contract/model.ts'

const readings = 10

/** How late this thread comes to what is due: all but one in a hundred times at most this, over ten readings. */
export function openLoopDelay(): () => Millis {
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  let last = 0
  let n = 0
  return () => {
    n++
    const now = delay.count === 0 ? last : delay.percentile(99) / 1e6
    if (n % readings !== 0) return Math.max(now, last)
    delay.reset()
    last = now
    return now
  }
}
