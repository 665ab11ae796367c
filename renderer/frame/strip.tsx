import { type PointerEvent, type RefObject, useRef } from 'react'
import type { Timeline } from '../../core/contract/calls.ts'
import type { Millis, Priority } from '../../core/contract/model.ts'
import { instantOf, type Span, shareOf } from './time-window.ts'

/** Lets the pointer drag an instant along an element. */
export function useDrag(element: RefObject<Element | null>, span: Span, moved: (at: Millis) => void) {
  const waiting = useRef(0)
  const move = (event: PointerEvent) => {
    const box = element.current!.getBoundingClientRect()
    const at = instantOf(span, (event.clientX - box.left) / box.width)
    cancelAnimationFrame(waiting.current)
    waiting.current = requestAnimationFrame(() => moved(at))
  }
  return {
    onPointerDown(event: PointerEvent) {
      if (event.button !== 0) return
      event.currentTarget.setPointerCapture(event.pointerId)
      move(event)
    },
    onPointerMove(event: PointerEvent) {
      if (event.currentTarget.hasPointerCapture(event.pointerId)) move(event)
    },
  }
}

interface BarsProps {
  readonly timeline: Timeline
  readonly span: Span
  readonly width: number
  readonly top: number
  readonly height: number
  /** What lies after it is dimmed. */
  readonly head: Millis | null
}

/** How many messages came, as bars; gaps as hatching. */
export function Bars({ timeline, span, width, top, height, head }: BarsProps) {
  const most = timeline.messages.reduce((a, b) => Math.max(a, b), 1)
  const bin = width / Math.max(1, timeline.time.length)
  const bar = (i: number) => {
    const n = timeline.messages[i]!
    const tall = n === 0 ? 0 : Math.max(1.5, (n / most) * height)
    const x = shareOf(span, timeline.time[i]!) * width
    return tall === 0
      ? ''
      : `M${x.toFixed(1)} ${top + height}h${Math.max(0.8, bin - 1).toFixed(1)}v${(-tall).toFixed(1)}h${(-Math.max(0.8, bin - 1)).toFixed(1)}z`
  }
  const before: string[] = []
  const after: string[] = []
  timeline.time.forEach((time, i) => {
    const side = head !== null && time > head ? after : before
    side.push(bar(i))
  })
  return (
    <>
      <path
        d={before.join('')}
        fill={head === null ? 'var(--band-edge)' : 'color-mix(in srgb, var(--band-edge), var(--ink-3) 35%)'}
      />
      <path d={after.join('')} fill="var(--band-edge)" opacity=".6" />
      {timeline.gaps.map((gap) => {
        const x = shareOf(span, gap.from) * width
        const end = shareOf(span, gap.until ?? span.until) * width
        return end <= 0 || x >= width ? null : (
          <rect key={gap.from} x={x} y={top} width={Math.max(3, end - x)} height={height} fill="url(#gap)">
            <title>{gap.cause}</title>
          </rect>
        )
      })}
    </>
  )
}

/** The hatching of gaps; once in each drawing that uses it. */
export function Hatch() {
  return (
    <defs>
      <pattern id="gap" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <path d="M0 0V5" stroke="var(--p2)" strokeWidth="1.6" />
      </pattern>
    </defs>
  )
}

/** Where an alert began, as its shape. */
export function AlertMark({
  x,
  priority,
  acknowledged,
}: {
  readonly x: number
  readonly priority: Priority
  readonly acknowledged: boolean
}) {
  if (priority === 1)
    return (
      <rect
        x={x - 3}
        y="0.6"
        width="6"
        height="6"
        rx="1.2"
        fill={acknowledged ? 'none' : 'var(--p1)'}
        stroke="var(--p1)"
        strokeWidth="1"
      />
    )
  if (priority === 2)
    return (
      <path
        d={`M${x} 0.4l3.8 6.6h-7.6z`}
        fill={acknowledged ? 'none' : 'var(--p2-fill)'}
        stroke="var(--p2)"
        strokeWidth={acknowledged ? 1 : 0.6}
        strokeLinejoin="round"
      />
    )
  return (
    <circle cx={x} cy="3.6" r="2.6" fill={acknowledged ? 'none' : 'var(--p3)'} stroke="var(--p3)" strokeWidth="1.2" />
  )
}
