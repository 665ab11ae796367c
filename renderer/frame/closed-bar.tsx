import { useRef } from 'react'
import type { At, Timeline } from '../../core/contract/calls.ts'
import type { Millis, Offset } from '../../core/contract/model.ts'
import { timeLabel, timeTicks } from '../chart/ticks.ts'
import { useWidth } from '../chart/use-width.ts'
import { showAt } from '../route.ts'
import { useClock, useLink } from '../use-core.ts'
import { count } from '../words/number.ts'
import type { Clock } from '../words/time.ts'
import { type Speed, seek, setPlayer, speeds, usePlayer } from './player.ts'
import { AlertMark, Bars, Hatch, useDrag } from './strip.tsx'
import styles from './time-bar.module.css'
import { type Span, shareOf } from './time-window.ts'
import { Transport } from './transport.tsx'

export interface BarProps {
  readonly at: At
  readonly now: Millis
  readonly span: Span
  readonly timeline: Timeline | undefined
  readonly offset: Offset | null
}

/** The 52 pixels under every page. */
export function ClosedBar({ onOpen, ...props }: BarProps & { readonly onOpen: () => void }) {
  const { at, now } = props
  const { speed } = usePlayer()
  const clock = useClock()
  const look = at === null ? styles.bar : `${styles.bar} ${styles.past}`
  return (
    <section className={`${look} ${styles.closed}`} aria-label="Time">
      <div className={styles.left}>
        <Transport {...props} />
        <button
          type="button"
          className={styles.speed}
          onClick={() => setPlayer({ speed: after(speed) })}
          aria-label={`Speed ${shownSpeed(at, speed)}`}
          title="Speed in the past"
        >
          {shownSpeed(at, speed)}×
        </button>
      </div>
      <DayStrip {...props} clock={clock} />
      <div className={styles.right}>
        <button
          type="button"
          onClick={onOpen}
          title="Open the time machine (T)"
          className={styles.right}
          style={{ paddingRight: 0 }}
        >
          <span>
            <span className={styles.clock} title={clock.utc(at ?? now)}>
              {clock.full(at ?? now)}
            </span>
            <br />
            <span className="label num">
              {props.offset === null ? 'offset not known' : `offset ${count(props.offset)}`}
            </span>
          </span>
        </button>
        <LiveButton at={at} />
      </div>
    </section>
  )
}

function LiveButton({ at }: { readonly at: At }) {
  const gone = useLink().state === 'down'
  if (gone && at === null) return <span className="tag p1">Stopped</span>
  return (
    <button type="button" className={styles.live} onClick={() => showAt(null)} aria-pressed={at === null}>
      {at === null && <i />}
      {at === null ? 'Live' : 'Go live'}
    </button>
  )
}

function shownSpeed(at: At, speed: number): number {
  return at === null ? 1 : speed
}

/** The next speed, and after the greatest the least. */
function after(speed: Speed): Speed {
  return speeds[(speeds.indexOf(speed) + 1) % speeds.length]!
}

function DayStrip({ at, now, span, timeline, clock }: BarProps & { readonly clock: Clock }) {
  const element = useRef<HTMLDivElement>(null)
  const width = useWidth(element)
  const drag = useDrag(element, span, (to) => seek(to, now))
  const head = shareOf(span, at ?? now) * width
  const ink = at === null ? 'var(--ink)' : 'var(--time)'
  return (
    <div
      ref={element}
      className={styles.strip}
      role="slider"
      tabIndex={0}
      aria-label="Instant shown"
      aria-valuemin={span.from}
      aria-valuemax={span.until}
      aria-valuenow={Math.round(at ?? now)}
      aria-valuetext={at === null ? 'Live' : clock.long(at)}
      {...drag}
    >
      <svg width={width} height="48" aria-hidden="true">
        <Hatch />
        {timeline !== undefined && (
          <>
            <svg width={shareOf(span, now) * width} height="48" aria-hidden="true">
              <Bars timeline={timeline} span={span} width={width} top={14} height={14} head={at} />
            </svg>
            {timeline.alerts
              .filter((alert) => alert.from >= span.from)
              .map((alert) => (
                <AlertMark
                  key={alert.id}
                  x={shareOf(span, alert.from) * width}
                  priority={alert.priority}
                  acknowledged={alert.acknowledged}
                />
              ))}
            {timeline.bookmarks
              .filter((mark) => mark.at >= span.from)
              .map((mark) => (
                <path
                  key={mark.at}
                  d={`M${shareOf(span, mark.at) * width - 3} 0h6v8l-3-2.4-3 2.4z`}
                  fill="var(--time)"
                />
              ))}
          </>
        )}
        <path d={`M${head} 1V29`} stroke={ink} strokeWidth="2" />
        <circle cx={Math.min(width - 3, head)} cy="5" r="4" fill={ink} />
        <Labels span={span} now={now} width={width} clock={clock} />
      </svg>
    </div>
  )
}

function Labels({
  span,
  now,
  width,
  clock,
}: {
  readonly span: Span
  readonly now: Millis
  readonly width: number
  readonly clock: Clock
}) {
  const most = Math.max(2, Math.floor(width / 150))
  const all = timeTicks(span.from, span.until, most, clock)
  const step = (all[1] ?? span.until) - (all[0] ?? span.from)
  const ticks = all.filter((tick) => room(span, tick, width))
  return (
    <>
      {ticks.map((tick) => (
        <text key={tick} x={shareOf(span, tick) * width} y="43" textAnchor="middle">
          {timeLabel(tick, step, clock)}
        </text>
      ))}
      <text x={shareOf(span, now) * width} y="43" textAnchor="end">
        now
      </text>
    </>
  )
}

/** Labels must not run into the word "now" or out at the left. */
function room(span: Span, tick: Millis, width: number): boolean {
  const x = shareOf(span, tick) * width
  return x > 24 && x < width - 60
}
