import { type ReactNode, useEffect, useId, useRef } from 'react'
import styles from './ask-dialog.module.css'
import { Button } from './button.tsx'
import { ErrorNote } from './error-note.tsx'

interface AskDialogProps {
  readonly title: string
  /** What goes and what stays. */
  readonly children: ReactNode
  /** The button that does it. */
  readonly does: string
  readonly disabled: boolean
  readonly errors: readonly (Error | null)[]
  readonly onDo: () => void
  readonly onClose: () => void
}

/** Asks once before something goes for good. */
export function AskDialog({ title, children, does, disabled, errors, onDo, onClose }: AskDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      <div className={styles.said}>{children}</div>
      {errors.map((error) => error !== null && <ErrorNote key={error.message} error={error} />)}
      <div className={styles.actions}>
        <Button autoFocus onClick={() => dialog.current?.close()}>
          Keep it
        </Button>
        <Button look="primary" disabled={disabled} onClick={onDo}>
          {does}
        </Button>
      </div>
    </dialog>
  )
}
