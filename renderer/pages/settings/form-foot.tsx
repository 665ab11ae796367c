import type { ReactNode } from 'react'
import { Button } from '../../parts/button.tsx'

interface FormFootProps {
  readonly past: boolean
  readonly isChanged: boolean
  readonly pending: boolean
  readonly onRevert: () => void
  /** Before its buttons. */
  readonly children?: ReactNode
}

/** What ends a form: it is stored, or as it was. In the past nothing can be. */
export function FormFoot({ past, isChanged, pending, onRevert, children }: FormFootProps) {
  if (past)
    return (
      <footer className="row">
        <p className="label">You are looking at the past: nothing can be changed.</p>
      </footer>
    )
  return (
    <footer className="row">
      {children}
      <Button disabled={!isChanged} onClick={onRevert}>
        Revert
      </Button>
      <Button look="primary" type="submit" disabled={!isChanged || pending}>
        Save
      </Button>
    </footer>
  )
}
