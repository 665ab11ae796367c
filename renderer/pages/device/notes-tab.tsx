import { type FormEvent, useState } from 'react'
import type { At, DeviceDetail } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { person, useClock, useCommand } from '../../use-core.ts'
import styles from './device.module.css'

/** What people wrote about the device, newest first, and a field to write more. */
export function NotesTab({ device, at }: { readonly device: DeviceDetail; readonly at: At }) {
  const clock = useClock()
  return (
    <Scroll className={styles.scroll} label="Notes">
      <div className={styles.pane}>
        {at === null ? <Write device={device.row.device} /> : <p className="small ink2">Notes are written in live.</p>}
        {device.notes.length === 0 && <p className="ink2">No note yet.</p>}
        {device.notes.map((note) => (
          <article key={`${note.time} ${note.text}`} className={styles.note}>
            <p>{note.text}</p>
            <p className="label num" title={clock.utc(note.time)}>
              {note.by}, {clock.full(note.time)}
            </p>
          </article>
        ))}
      </div>
    </Scroll>
  )
}

function Write({ device }: { readonly device: string }) {
  const [text, setText] = useState('')
  const { send, pending, error } = useCommand()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() === '') return
    send('note', { device, text: text.trim(), by: person }, () => setText(''))
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      {error !== null && <ErrorNote error={error} />}
      <label>
        New note
        <textarea value={text} maxLength={2_000} onChange={(event) => setText(event.target.value)} />
      </label>
      <Button type="submit" disabled={pending || text.trim() === ''}>
        Add
      </Button>
    </form>
  )
}
