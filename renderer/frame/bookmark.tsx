import { type FormEvent, useRef } from 'react'
import type { Millis } from '../../core/contract/model.ts'
import { useKeys } from '../keys.ts'
import { Button } from '../parts/button.tsx'
import { ErrorNote } from '../parts/error-note.tsx'
import { person, useClock, useCommand } from '../use-core.ts'
import styles from './frame.module.css'

/** Keeps an instant of the past under a few words, so that it can be found again on the time bar. */
export function Bookmark({ at }: { readonly at: Millis }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const field = useRef<HTMLInputElement>(null)
  const clock = useClock()
  const { send, pending, error } = useCommand()
  const open = () => dialog.current?.showModal()
  useKeys({ m: open })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const text = field.current?.value.trim() ?? ''
    if (text !== '') send('bookmark', { at, text, by: person }, () => dialog.current?.close())
  }
  return (
    <>
      <Button look="time" icon="bookmark" hint="M" onClick={open}>
        Bookmark
      </Button>
      <dialog ref={dialog} className={styles.bookmark} aria-labelledby="bookmark-title">
        <form onSubmit={submit}>
          <h2 id="bookmark-title">Bookmark {clock.full(at)}</h2>
          {error !== null && <ErrorNote error={error} />}
          <label>
            What happened here
            <input ref={field} maxLength={200} required />
          </label>
          <div className="row">
            <span className="push" />
            <Button onClick={() => dialog.current?.close()}>Cancel</Button>
            <Button look="primary" type="submit" disabled={pending}>
              Keep
            </Button>
          </div>
        </form>
      </dialog>
    </>
  )
}
