import { useRef } from 'react'
import type { Millis } from '../../core/contract/model.ts'
import type { Clock } from '../words/time.ts'
import styles from './chart.module.css'
import { timeLabel, timeTicks } from './ticks.ts'
import { useWidth } from './use-width.ts'

interface TimeAxisProps {
  readonly from: Millis
  readonly until: Millis
  readonly clock: Clock
}

/** The times under a stack of charts that share them. */
export function TimeAxis({ from, until, clock }: TimeAxisProps) {
  const element = useRef<HTMLDivElement>(null)
  const width = useWidth(element)
  const ticks = timeTicks(from, until, Math.max(2, Math.floor(width / 130)), clock)
  const step = (ticks[1] ?? until) - (ticks[0] ?? from)
  return (
    <div ref={element} className={styles.axis}>
      <svg width={width} height="20" aria-hidden="true">
        {ticks.map((tick) => (
          <text key={tick} x={((tick - from) / (until - from)) * width} y="14" textAnchor="middle">
            {timeLabel(tick, step, clock)}
          </text>
        ))}
      </svg>
    </div>
  )
}
