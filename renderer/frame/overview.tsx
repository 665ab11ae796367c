import { useRef } from 'react'
import type { Millis } from '../../core/contract/model.ts'
import { useWidth } from '../chart/use-width.ts'
import { useCall, useStatus } from '../use-core.ts'
import { many } from '../words/number.ts'
import { Bars, useDrag } from './strip.tsx'
import styles from './time-bar.module.css'
import { type Span, shareOf, wholeLog } from './time-window.ts'

interface OverviewProps {
  readonly now: Millis
  readonly span: Span
  readonly onView: (span: Span) => void
}

const overviewBins = 60

/** The whole log, with the part in view as a frame that can be moved. */
export function Overview({ now, span, onView }: OverviewProps) {
  const element = useRef<HTMLDivElement>(null)
  const width = useWidth(element)
  const logFrom = useStatus()?.log.from ?? null
  const whole = wholeLog(now, logFrom)
  const timeline = useCall('timeline', { ...whole, bins: overviewBins, at: null }).data
  const drag = useDrag(element, whole, (centre) => onView(around(centre, span, whole)))
  const days = Math.max(1, Math.round((whole.until - whole.from) / 86_400_000))
  const left = shareOf(whole, span.from) * width
  const right = shareOf(whole, span.until) * width
  return (
    <>
      <span>{many(days, 'day')}</span>
      <div ref={element} className={styles.overview} {...drag}>
        <svg width={width} height="40" aria-hidden="true">
          {timeline !== undefined && (
            <Bars timeline={timeline} span={whole} width={width} top={6} height={16} head={null} />
          )}
          <rect
            x={left + 1}
            y="1.5"
            width={Math.max(6, right - left - 2)}
            height="24"
            rx="3"
            fill="none"
            stroke="var(--time)"
            strokeWidth="1.5"
          />
          <path d={`M${left} 26L0 40M${right} 26L${width} 40`} stroke="var(--time)" strokeOpacity=".4" fill="none" />
        </svg>
      </div>
    </>
  )
}

function around(centre: Millis, span: Span, whole: Span): Span {
  const length = span.until - span.from
  const from = Math.min(whole.until - length, Math.max(whole.from, centre - length / 2))
  return { from: Math.round(from), until: Math.round(from + length) }
}
