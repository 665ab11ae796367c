import { type FormEvent, useRef, useState } from 'react'
import { useKeys } from '../../keys.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { TextField } from '../../parts/field.tsx'
import { person, useCall, useClock, useCommand, useStatus } from '../../use-core.ts'
import styles from './alerts.module.css'
import { dateField, dateIn, shelves } from './shelves.ts'

const ownDate = 'Until a date'

/** Asks until when alerts are put aside, and why. A shelf always ends. */
export function Shelve({ ids, disabled }: { readonly ids: readonly string[]; readonly disabled: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [shown, setShown] = useState(false)
  const open = () => {
    setShown(true)
    dialog.current?.showModal()
  }
  useKeys({ s: () => !disabled && open() })
  return (
    <>
      <Button hint="S" disabled={disabled} onClick={open}>
        Shelve…
      </Button>
      <dialog ref={dialog} className={styles.shelve} aria-labelledby="shelve-title" onClose={() => setShown(false)}>
        {shown && <ShelveForm ids={ids} close={() => dialog.current?.close()} />}
      </dialog>
    </>
  )
}

function ShelveForm({ ids, close }: { readonly ids: readonly string[]; readonly close: () => void }) {
  const command = useCommand()
  const clock = useClock()
  const shifts = useCall('config', {}).data?.shifts ?? []
  const now = useStatus()?.time ?? Date.now()
  const [choice, setChoice] = useState('1 h')
  const [date, setDate] = useState(() => dateField(now + 7 * 24 * 3_600_000, clock))
  const [note, setNote] = useState('')
  const choices = shelves(now, clock, shifts).filter(({ until }) => Number.isFinite(until))
  const until =
    choice === ownDate ? dateIn(date, now, clock) : (choices.find((one) => one.label === choice)?.until ?? null)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (until !== null) command.send('shelve', { ids, until, note: note.trim() || null, by: person }, close)
  }
  return (
    <form onSubmit={submit}>
      <h2 id="shelve-title">Shelve until</h2>
      {command.error !== null && <ErrorNote error={command.error} />}
      <fieldset className={styles.shelves}>
        <legend className="label">A shelf always ends</legend>
        {[...choices, { label: ownDate, until: null }].map((one) => (
          <label key={one.label}>
            <input type="radio" name="until" checked={choice === one.label} onChange={() => setChoice(one.label)} />
            <span>{one.label}</span>
            {one.until !== null && <span className="ink3 num">{clock.moment(one.until)}</span>}
          </label>
        ))}
      </fieldset>
      {choice === ownDate && (
        <TextField
          label="Date"
          type="datetime-local"
          help={`By the clock of the plant, ${clock.zone}.`}
          wrong={until === null ? 'This is no time that is still to come.' : null}
          value={date}
          onChange={setDate}
        />
      )}
      <TextField
        label="Note"
        help="Why, for those who come after. May be empty."
        maxLength={200}
        value={note}
        onChange={setNote}
      />
      <div className="row">
        <span className="push" />
        <Button onClick={close}>Cancel</Button>
        <Button look="primary" type="submit" disabled={command.pending || until === null}>
          Shelve
        </Button>
      </div>
    </form>
  )
}
