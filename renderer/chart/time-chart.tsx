import { type KeyboardEvent, type RefObject, useEffect, useId, useRef, useState } from 'react'
import type { At, Columns } from '../../core/contract/calls.ts'
import type { Millis } from '../../core/contract/model.ts'
import { IconButton } from '../parts/button.tsx'
import { range, shownUnit, withUnit } from '../words/number.ts'
import styles from './chart.module.css'
import { ChartTable } from './chart-table.tsx'
import { type Hover, useHover } from './hover.tsx'
import { axisWidth, createPlot, type Picture, type Plot } from './plot.ts'

interface TimeChartProps extends Picture {
  /** What is drawn, such as "Discharge pressure". */
  readonly title: string
  /** A range was drawn with the pointer or by Ctrl and the wheel; null: back to the whole. */
  readonly onRange?: (range: { readonly from: Millis; readonly until: Millis } | null) => void
}

/**
 * One signal over time with its usual band. It fills its parent's height. Focused, the arrows move the hover line of
 * all charts of the group by one point (Shift: ten); Home and End go to the ends.
 */
export function TimeChart(props: TimeChartProps) {
  const [table, setTable] = useState(false)
  const summary = useId()
  return (
    <figure className={table ? `${styles.figure} ${styles.asTable}` : styles.figure} aria-labelledby={summary}>
      <figcaption id={summary} className="unseen">
        {summaryOf(props)}
      </figcaption>
      <div className={styles.tools}>
        <IconButton
          icon="table"
          label={table ? `Show ${props.title} as a chart` : `Show ${props.title} as a table`}
          aria-pressed={table}
          onClick={() => setTable(!table)}
        />
      </div>
      {table ? <ChartTable title={props.title} columns={props.columns} clock={props.clock} /> : <Canvas {...props} />}
    </figure>
  )
}

function Canvas(props: TimeChartProps) {
  const element = useRef<HTMLDivElement>(null)
  const read = useRef<HTMLSpanElement>(null)
  const hover = useHover()
  const shown = usePlot(element, props, hover)
  useReading(element, read, props, hover)
  return (
    <div
      ref={element}
      className={styles.plot}
      data-arrows
      role="slider"
      tabIndex={0}
      aria-label={`${props.title}, instant`}
      aria-valuemin={props.from}
      aria-valuemax={props.until}
      aria-valuenow={props.until}
      aria-valuetext={readingAt(props, props.until)}
      onKeyDown={(event) => moveCursor(event, props, hover)}
      onDoubleClick={() => props.onRange?.(null)}
      data-drawn={shown}
    >
      <span ref={read} className={styles.read} hidden />
    </div>
  )
}

/** Keeps a plot in the element, with the newest picture and the element's size. */
function usePlot(element: RefObject<HTMLDivElement | null>, props: TimeChartProps, hover: Hover): boolean {
  const plot = useRef<Plot | null>(null)
  const latest = useRef(props)
  latest.current = props
  const [drawn, setDrawn] = useState(false)

  useEffect(() => {
    const box = element.current!
    const made = createPlot(box, latest.current, {
      hover: (at) => hover.set(at),
      select: (from, until) => latest.current.onRange?.({ from, until }),
    })
    plot.current = made
    setDrawn(true)
    const sized = new ResizeObserver(() => made.resize(box.clientWidth, box.clientHeight))
    sized.observe(box)
    const wheel = (event: WheelEvent) => zoom(event, box, latest.current)
    box.addEventListener('wheel', wheel, { passive: false })
    const off = hover.listen((at) => made.point(at))
    return () => {
      off()
      box.removeEventListener('wheel', wheel)
      sized.disconnect()
      made.end()
      plot.current = null
    }
  }, [element, hover])

  useEffect(() => plot.current?.show(props), [props])
  return drawn
}

/** Writes the value under the hover line beside it, without a render. */
function useReading(
  element: RefObject<HTMLDivElement | null>,
  read: RefObject<HTMLSpanElement | null>,
  props: TimeChartProps,
  hover: Hover,
): void {
  useEffect(() => {
    const write = (at: At) => {
      const box = element.current
      const words = read.current
      if (box === null || words === null) return
      words.hidden = at === null || at < props.from || at > props.until
      if (at === null) return
      words.textContent = readingAt(props, at)
      box.setAttribute('aria-valuenow', String(Math.round(at)))
      box.setAttribute('aria-valuetext', words.textContent)
      place(words, box, (at - props.from) / (props.until - props.from))
    }
    write(hover.at())
    return hover.listen(write)
  }, [element, read, props, hover])
}

function place(words: HTMLElement, box: HTMLElement, share: number): void {
  const x = axisWidth + share * (box.clientWidth - axisWidth - 2)
  const left = share > 0.5
  words.style.left = left ? 'auto' : `${x + 6}px`
  words.style.right = left ? `${box.clientWidth - x + 6}px` : 'auto'
}

function readingAt({ columns, clock }: TimeChartProps, at: Millis): string {
  const i = nearest(columns.time, at)
  if (i < 0) return clock.time(at)
  const value = columns.mean[i]!
  const said = Number.isNaN(value) ? 'no value' : withUnit(value, shownUnit(columns))
  const usual = Number.isNaN(columns.low[i]!) ? '' : `, usual ${range(columns.low[i]!, columns.high[i]!)}`
  return `${clock.time(columns.time[i]!)}  ${said}${usual}`
}

function nearest(time: Float64Array, at: Millis): number {
  if (time.length === 0) return -1
  let low = 0
  let high = time.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (time[middle]! <= at) low = middle
    else high = middle
  }
  return at - time[low]! <= time[high]! - at ? low : high
}

function moveCursor(event: KeyboardEvent, { columns }: TimeChartProps, hover: Hover): void {
  const last = columns.time.length - 1
  if (last < 0) return
  if (event.key === 'Escape' && hover.at() !== null) {
    hover.set(null)
    event.preventDefault()
    return
  }
  const now = hover.at() === null ? last : nearest(columns.time, hover.at()!)
  const to = {
    ArrowLeft: now - (event.shiftKey ? 10 : 1),
    ArrowRight: now + (event.shiftKey ? 10 : 1),
    Home: 0,
    End: last,
  }[event.key]
  if (to === undefined || event.altKey || event.ctrlKey) return
  event.preventDefault()
  hover.set(columns.time[Math.min(last, Math.max(0, to))]!)
}

function zoom(event: WheelEvent, box: HTMLElement, { from, until, onRange }: TimeChartProps): void {
  if (!event.ctrlKey || onRange === undefined) return
  event.preventDefault()
  const share = (event.clientX - box.getBoundingClientRect().left - axisWidth) / (box.clientWidth - axisWidth)
  const span = Math.max(10_000, (until - from) * (event.deltaY > 0 ? 1.25 : 0.8))
  const centre = from + share * (until - from)
  onRange({ from: centre - share * span, until: centre + (1 - share) * span })
}

function summaryOf({ title, columns, from, until, clock }: TimeChartProps): string {
  const { low, high } = extremes(columns)
  const span = `${clock.moment(from)} to ${clock.moment(until)}`
  if (low > high) return `${title}: no values from ${span}`
  const last = columns.mean.findLast((value) => !Number.isNaN(value)) ?? Number.NaN
  return `${title}: ${withUnit(last, shownUnit(columns))} last, ${range(low, high)} from ${span}`
}

function extremes({ min, max }: Columns): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let i = 0; i < min.length; i++) {
    if (min[i]! < low) low = min[i]!
    if (max[i]! > high) high = max[i]!
  }
  return { low, high }
}
