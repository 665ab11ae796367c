import { useEffect, useRef } from 'react'
import type { Rule } from '../../../core/contract/model.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { useCommand } from '../../use-core.ts'
import styles from './settings.module.css'

interface DeleteDialogProps {
  readonly rule: Rule
  readonly onClose: () => void
  readonly onDone: () => void
}

/** Asks once, and says what goes and what stays. */
export function DeleteDialog({ rule, onClose, onDone }: DeleteDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const command = useCommand()
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby="delete-rule" onClose={onClose}>
      <h2 id="delete-rule">Delete “{rule.name}”?</h2>
      <p>
        Nothing is watched by it from now on, and what it has open goes back to normal. Past alerts stay, with the
        settings of their day. To stop it for a while, switch it off instead.
      </p>
      {command.error !== null && <ErrorNote error={command.error} />}
      <div className={styles.actions}>
        <Button autoFocus onClick={() => dialog.current?.close()}>
          Keep it
        </Button>
        <Button
          look="primary"
          disabled={command.pending}
          onClick={() => command.send('rule.delete', { id: rule.id }, onDone)}
        >
          Delete
        </Button>
      </div>
    </dialog>
  )
}
