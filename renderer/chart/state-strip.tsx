import { useEffect, useRef } from 'react'
import type { Columns } from '../../core/contract/calls.ts'
import type { Millis } from '../../core/contract/model.ts'
import type { Clock } from '../words/time.ts'
import styles from './chart.module.css'
import { useHover } from './hover.tsx'

interface StateStripProps {
  readonly title: string
  readonly states: Columns['states']
  readonly from: Millis
  readonly until: Millis
  readonly clock: Clock
}

/** What a signal with a few words said over time, under the same hover line as the charts. */
export function StateStrip({ title, states, from, until, clock }: StateStripProps) {
  const share = (at: Millis) => `${((Math.min(until, Math.max(from, at)) - from) / (until - from)) * 100}%`
  const parts = states
    .map((state, i) => ({ ...state, end: states[i + 1]?.time ?? until }))
    .filter((part) => part.end > from && part.time < until)
  return (
    <ol className={styles.strip} aria-label={title}>
      {parts.map((part) => (
        <li
          key={part.time}
          className={styles.state}
          style={{ left: share(part.time), width: `calc(${share(part.end)} - ${share(part.time)} - 1px)` }}
          title={`${part.text} since ${clock.full(part.time)}`}
        >
          {part.text}
        </li>
      ))}
      <HoverLine from={from} until={until} />
    </ol>
  )
}

function HoverLine({ from, until }: { readonly from: Millis; readonly until: Millis }) {
  const line = useRef<HTMLLIElement>(null)
  const hover = useHover()
  useEffect(
    () =>
      hover.listen((at) => {
        if (line.current === null) return
        line.current.hidden = at === null || at < from || at > until
        line.current.style.left = `${(((at ?? from) - from) / (until - from)) * 100}%`
      }),
    [hover, from, until],
  )
  return <li ref={line} className={styles.line} hidden aria-hidden="true" />
}
