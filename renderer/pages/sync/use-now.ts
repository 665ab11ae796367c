import { useEffect, useState } from 'react'
import type { Millis } from '../../../core/contract/model.ts'

/** The time of this machine, once a second: for countdowns and ages between two answers. */
export function useNow(): Millis {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  return now
}
