import { type FormEvent, useRef, useState } from 'react'
import type { Millis } from '../../core/contract/model.ts'
import { useClock } from '../use-core.ts'
import type { Clock } from '../words/time.ts'
import { Button } from './button.tsx'
import { Segmented } from './segmented.tsx'
import styles from './span-picker.module.css'

/** `until` null: the instant. */
export interface Span {
  readonly from: Millis
  readonly until: Millis | null
}

/** So long before the instant, or any span. */
export type SpanChoice = keyof typeof windows | Span

const day = 86_400_000
const windows = { '24 h': day, '7 d': 7 * day, '30 d': 30 * day } as const
const other = 'Other'
const choices = [...(Object.keys(windows) as (keyof typeof windows)[]), other].map((value) => ({ value, label: value }))

export function spanOf(choice: SpanChoice, now: Millis): Span {
  return typeof choice === 'string' ? { from: now - windows[choice], until: null } : choice
}

interface SpanPickerProps {
  readonly value: SpanChoice
  readonly now: Millis
  readonly onChange: (value: SpanChoice) => void
}

/** One of a few spans, or from any time to any other. */
export function SpanPicker({ value, now, onChange }: SpanPickerProps) {
  const { from, until } = spanOf(value, now)
  const choose = (chosen: string) =>
    onChange(chosen === other ? { from, until: until ?? now } : (chosen as keyof typeof windows)) // one of `choices`
  return (
    <div className={styles.picker}>
      {typeof value !== 'string' && (
        <AnySpan key={`${from} ${until}`} from={from} until={until ?? now} onChange={onChange} />
      )}
      <Segmented
        label="Time shown"
        value={typeof value === 'string' ? value : other}
        choices={choices}
        onChange={choose}
      />
    </div>
  )
}

interface AnySpanProps {
  readonly from: Millis
  readonly until: Millis
  readonly onChange: (value: SpanChoice) => void
}

function AnySpan({ from, until, onChange }: AnySpanProps) {
  const clock = useClock()
  const [began, ended] = [useRef<HTMLInputElement>(null), useRef<HTMLInputElement>(null)]
  const [wrong, setWrong] = useState<string | null>(null)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const read = spanIn(began.current?.value ?? '', ended.current?.value ?? '', clock)
    if (typeof read === 'string') setWrong(read)
    else onChange(read)
  }
  return (
    <form className={styles.any} onSubmit={submit}>
      <input ref={began} spellCheck={false} aria-label={`From, ${clock.zone}`} defaultValue={clock.field(from)} />
      <span aria-hidden="true">–</span>
      <input ref={ended} spellCheck={false} aria-label={`To, ${clock.zone}`} defaultValue={clock.field(until)} />
      <Button type="submit">Show</Button>
      {wrong !== null && (
        <p role="alert" className={`label p1 ${styles.wrong}`}>
          {wrong}
        </p>
      )}
    </form>
  )
}

/** What is wrong with it, when it is none. */
export function spanIn(from: string, until: string, clock: Clock): Span | string {
  const [began, ended] = [clock.parse(from), clock.parse(until)]
  const unread = began === null ? from : ended === null ? until : null
  if (began === null || ended === null) return `"${unread}" is not a time; write 2026-11-24 14:06:12`
  return ended > began ? { from: began, until: ended } : `${until} is not after ${from}`
}
