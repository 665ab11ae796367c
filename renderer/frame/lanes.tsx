import { type PointerEvent, useRef, useState } from 'react'
import type { At, Timeline } from '../../core/contract/calls.ts'
import type { Millis } from '../../core/contract/model.ts'
import { timeTicks } from '../chart/ticks.ts'
import { useWidth } from '../chart/use-width.ts'
import type { Clock } from '../words/time.ts'
import type { BarProps } from './closed-bar.tsx'
import { Overview } from './overview.tsx'
import { seek } from './player.ts'
import { Bars, Hatch, useDrag } from './strip.tsx'
import styles from './time-bar.module.css'
import { instantOf, type Span, shareOf } from './time-window.ts'

interface LanesProps extends BarProps {
  readonly clock: Clock
  readonly onView: (span: Span) => void
}

const rows = { messages: 6, alerts: 38, bookmarks: 62, axis: 88 }

/** What happened in the part in view, lane by lane, under one head that can be dragged. */
export function Lanes({ at, now, span, timeline, clock, onView }: LanesProps) {
  const element = useRef<HTMLDivElement>(null)
  const width = useWidth(element)
  const drag = useDrag(element, span, (to) => seek(to, now))
  const [hover, setHover] = useState<At>(null)
  const over = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect()
    setHover(instantOf(span, (event.clientX - box.left) / box.width))
    drag.onPointerMove(event)
  }
  return (
    <div className={styles.lanes}>
      <Overview now={now} span={span} onView={onView} />
      <div className={styles.names}>
        <span style={{ top: rows.messages + 8 }}>Messages</span>
        <span style={{ top: rows.alerts - 4 }}>Alerts</span>
        <span style={{ top: rows.bookmarks - 4 }}>Bookmarks</span>
      </div>
      <div
        ref={element}
        className={styles.lane}
        role="slider"
        tabIndex={0}
        aria-label="Instant shown"
        aria-valuemin={span.from}
        aria-valuemax={span.until}
        aria-valuenow={Math.round(at ?? now)}
        aria-valuetext={at === null ? 'Live' : clock.long(at)}
        onPointerDown={drag.onPointerDown}
        onPointerMove={over}
        onPointerLeave={() => setHover(null)}
      >
        <svg width={width} height="146" aria-hidden="true">
          <Hatch />
          {timeline !== undefined && (
            <Bars timeline={timeline} span={span} width={width} top={rows.messages} height={22} head={at} />
          )}
          {timeline !== undefined && <AlertLane timeline={timeline} span={span} width={width} head={at} />}
          {timeline?.bookmarks
            .filter((mark) => mark.at >= span.from)
            .map((mark) => (
              <g key={mark.at}>
                <path
                  d={`M${shareOf(span, mark.at) * width - 3} ${rows.bookmarks}h6v9l-3-2.4-3 2.4z`}
                  fill="var(--time)"
                />
                <BookmarkWords x={shareOf(span, mark.at) * width} width={width}>
                  {mark.text}
                </BookmarkWords>
              </g>
            ))}
          <Axis span={span} width={width} clock={clock} />
          {hover !== null && <HoverMark at={hover} span={span} width={width} clock={clock} timeline={timeline} />}
          <Head at={at ?? now} live={at === null} span={span} width={width} clock={clock} />
        </svg>
      </div>
    </div>
  )
}

interface BookmarkWordsProps {
  readonly x: number
  readonly width: number
  readonly children: string
}

/** Beside its mark, on the side where there is room. */
function BookmarkWords({ x, width, children }: BookmarkWordsProps) {
  const left = x > width * 0.75
  return (
    <text x={left ? x - 8 : x + 8} y={rows.bookmarks + 9} textAnchor={left ? 'end' : 'start'}>
      {children}
    </text>
  )
}

interface LaneProps {
  readonly timeline: Timeline
  readonly span: Span
  readonly width: number
  readonly head: At
}

function AlertLane({ timeline, span, width, head }: LaneProps) {
  return timeline.alerts
    .filter((alert) => (alert.until ?? span.until) > span.from)
    .sort((a, b) => b.priority - a.priority)
    .map((alert) => {
      const x = shareOf(span, alert.from) * width
      const end = shareOf(span, alert.until ?? span.until) * width
      const ink = alert.priority === 2 && !alert.acknowledged ? 'var(--p2-fill)' : `var(--p${alert.priority})`
      return (
        <rect
          key={alert.id}
          x={x}
          y={rows.alerts}
          width={Math.max(6, end - x)}
          height="8"
          rx="2"
          fill={alert.acknowledged ? 'none' : ink}
          stroke={ink}
          opacity={head !== null && alert.from > head ? 0.5 : 1}
        >
          <title>{alert.title}</title>
        </rect>
      )
    })
}

function Axis({ span, width, clock }: { readonly span: Span; readonly width: number; readonly clock: Clock }) {
  const ticks = timeTicks(span.from, span.until, Math.max(2, Math.floor(width / 110)), clock)
  const days = (ticks[1] ?? 0) - (ticks[0] ?? 0) >= 86_400_000
  return (
    <>
      <path d={`M0 ${rows.axis}H${width}`} stroke="var(--control)" strokeOpacity=".6" />
      {ticks.map((tick) => (
        <g key={tick}>
          <path d={`M${shareOf(span, tick) * width} ${rows.axis}v5`} stroke="var(--control)" />
          <text x={shareOf(span, tick) * width} y={rows.axis + 18} textAnchor="middle">
            {days || tick === clock.midnight(tick) ? clock.weekday(tick) : clock.minute(tick)}
          </text>
        </g>
      ))}
    </>
  )
}

interface HoverMarkProps {
  readonly at: Millis
  readonly span: Span
  readonly width: number
  readonly clock: Clock
  readonly timeline: Timeline | undefined
}

function HoverMark({ at, span, width, clock, timeline }: HoverMarkProps) {
  const x = shareOf(span, at) * width
  const near = timeline?.alerts.find((alert) => alert.from <= at && at <= (alert.until ?? span.until))
  return (
    <>
      <path d={`M${x} 0V124`} stroke="var(--ink-2)" strokeDasharray="2 3" />
      <text x={x + (x > width / 2 ? -6 : 6)} y="122" textAnchor={x > width / 2 ? 'end' : 'start'}>
        {clock.full(at)}
        {near !== undefined && `, ${near.title}`}
      </text>
    </>
  )
}

interface HeadProps {
  readonly at: Millis
  readonly live: boolean
  readonly span: Span
  readonly width: number
  readonly clock: Clock
}

function Head({ at, live, span, width, clock }: HeadProps) {
  const x = shareOf(span, at) * width
  const ink = live ? 'var(--ink)' : 'var(--time)'
  const left = Math.min(width - 62, Math.max(0, x - 31))
  return (
    <>
      <path d={`M${x} 0V126`} stroke={ink} strokeWidth="1.8" />
      <circle cx={x} cy="2" r="5" fill={ink} />
      <rect x={left} y="126" width="62" height="18" rx="4" fill={live ? 'var(--ink)' : 'var(--time-solid)'} />
      <text
        x={left + 31}
        y="139"
        textAnchor="middle"
        style={{ fill: live ? 'var(--on-ink)' : 'var(--on-time)', fontWeight: 600 }}
      >
        {clock.time(at)}
      </text>
    </>
  )
}
