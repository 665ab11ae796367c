import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { DestinationRow, SpanBy, SpanCount } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { ChoiceField, TextField } from '../../parts/field.tsx'
import { Segmented } from '../../parts/segmented.tsx'
import { useCall, useClock } from '../../use-core.ts'
import { bytes, count, many } from '../../words/number.ts'
import type { Clock } from '../../words/time.ts'
import styles from './sync.module.css'
import { useAction } from './use-action.ts'

interface RangeDialogProps {
  readonly rows: readonly DestinationRow[]
  readonly onClose: () => void
}

interface Typed {
  readonly destination: string
  readonly by: SpanBy['by']
  readonly from: string
  readonly to: string
}

/** Asks which range, shows how much that is, then sends it again or compares it. */
export function RangeDialog({ rows, onClose }: RangeDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const clock = useClock()
  const [typed, setTyped] = useState<Typed>(() => lastHour(rows[0]!, clock))
  const [counted, setCounted] = useState<{ readonly destination: string; readonly span: SpanBy } | null>(null)
  const change = (part: Partial<Typed>) => {
    setTyped({ ...typed, ...part })
    setCounted(null) // what is shown is always of what is typed
  }
  useEffect(() => dialog.current?.showModal(), [])
  const span = spanOf(typed, clock)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (span !== null) setCounted({ destination: typed.destination, span })
  }
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby="range-dialog" onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id="range-dialog">Send a range again</h2>
        <p className="ink2">
          Reads the log once more. Each record carries the header edge-resend, and receivers drop what they have by its
          source, offset and index. What is sent anyway goes on beside it.
        </p>
        {rows.length > 1 && (
          <ChoiceField
            label="Destination"
            value={typed.destination}
            choices={rows.map(({ name }) => ({ value: name, label: name }))}
            onChange={(destination) => change({ destination })}
          />
        )}
        <Ends typed={typed} change={change} valid={span !== null} clock={clock} rows={rows} />
        {counted === null ? (
          <div className={styles.formActions}>
            <Button onClick={() => dialog.current?.close()}>Cancel</Button>
            <Button look="primary" type="submit" disabled={span === null}>
              Preview
            </Button>
          </div>
        ) : (
          <Preview asked={counted} onBack={() => setCounted(null)} onDone={() => dialog.current?.close()} />
        )}
      </form>
    </dialog>
  )
}

interface EndsProps {
  readonly typed: Typed
  readonly change: (part: Partial<Typed>) => void
  readonly valid: boolean
  readonly clock: Clock
  readonly rows: readonly DestinationRow[]
}

const ways = [
  { value: 'time', label: 'By time' },
  { value: 'offset', label: 'By log offset' },
] as const

function Ends({ typed, change, valid, clock, rows }: EndsProps) {
  const row = rows.find(({ name }) => name === typed.destination) ?? rows[0]!
  const byTime = typed.by === 'time'
  const help = byTime
    ? `When the records came, in ${clock.zone}.`
    : `Up to ${count(Math.max(0, row.acked - 1))} is confirmed.`
  const switchTo = (by: SpanBy['by']) => change(by === 'time' ? lastHour(row, clock) : { by, ...lastOffsets(row) })
  return (
    <>
      <div>
        <Segmented label="How the range is given" value={typed.by} choices={ways} onChange={switchTo} />
      </div>
      <div className={styles.fields}>
        <TextField label="From" help={help} value={typed.from} onChange={(from) => change({ from })} />
        <TextField
          label="To"
          help={byTime ? '' : 'The last one, included.'}
          wrong={valid ? null : wrongEnds(typed.by)}
          value={typed.to}
          onChange={(to) => change({ to })}
        />
      </div>
    </>
  )
}

function wrongEnds(by: SpanBy['by']): string {
  return by === 'time'
    ? 'Write both as 2026-11-24 14:06:12, the later one here.'
    : 'Two whole numbers, the larger one here.'
}

interface PreviewProps {
  readonly asked: { readonly destination: string; readonly span: SpanBy }
  readonly onBack: () => void
  readonly onDone: () => void
}

function Preview({ asked, onBack, onDone }: PreviewProps) {
  const counting = useCall('sync.count', asked)
  const action = useAction(onDone)
  const found = counting.isPlaceholderData ? undefined : counting.data
  const empty = found !== undefined && found.from >= found.to
  const { destination } = asked
  return (
    <>
      <output className={styles.preview}>
        {found === undefined ? counting.error === null && 'Counting…' : <Found found={found} />}
      </output>
      {[counting.error, action.error].map((error) => error !== null && <ErrorNote key={error.message} error={error} />)}
      <div className={styles.formActions}>
        <Button onClick={onBack}>Change range</Button>
        <Button
          look="primary"
          disabled={found === undefined || empty || action.isPending}
          onClick={() =>
            action.mutate(['sync.sendAgain', { destination, from: found!.from, to: found!.to, asideOnly: false }])
          }
        >
          {found === undefined || empty
            ? 'Send again'
            : `Send ${found.exact ? '' : 'about '}${many(found.records, 'record')} again`}
        </Button>
      </div>
    </>
  )
}

function Found({ found }: { readonly found: SpanCount }) {
  const clock = useClock()
  if (found.from >= found.to) return <>Nothing of this range was sent to it and is in the log still.</>
  return (
    <>
      <strong className="num">
        {found.exact ? '' : 'About '}
        {many(found.records, 'record')}, {bytes(found.bytes)}
      </strong>
      <span className="ink2 num">
        {' '}
        from log offsets {count(found.from)} to {count(found.to - 1)}
        {found.began !== null &&
          found.ended !== null &&
          `, which came ${clock.moment(found.began)} to ${clock.moment(found.ended)}`}
        .
      </span>
    </>
  )
}

function lastHour(row: DestinationRow, clock: Clock): Typed {
  const now = Date.now()
  return { destination: row.name, by: 'time', from: clock.field(now - 3_600_000), to: clock.field(now) }
}

function lastOffsets({ acked }: DestinationRow) {
  return { from: String(Math.max(0, acked - 1_000)), to: String(Math.max(0, acked - 1)) }
}

function spanOf({ by, from, to }: Typed, clock: Clock): SpanBy | null {
  if (by === 'offset') {
    const [first, last] = [from, to].map((text) =>
      /^[\d,\s]+$/.test(text) ? Number(text.replace(/[,\s]/g, '')) : Number.NaN,
    )
    return first! <= last! ? { by, from: first!, to: last! + 1 } : null
  }
  const [began, until] = [clock.parse(from), clock.parse(to)]
  return began !== null && until !== null && began < until ? { by, from: began, until } : null
}
