import type { ReactNode } from 'react'
import styles from './settings.module.css'

interface OwnValueProps {
  readonly label: string
  /** It is not the default. */
  readonly isOwn: boolean
  readonly onReset: () => void
  /** The field. */
  readonly children: ReactNode
}

/** A field that says where its value is not the default, and takes it back. */
export function OwnValue({ label, isOwn, onReset, children }: OwnValueProps) {
  return (
    <div className={styles.param}>
      {children}
      {isOwn && (
        <span className={styles.changed}>
          changed
          <button type="button" aria-label={`Reset ${label}`} onClick={onReset}>
            Reset
          </button>
        </span>
      )}
    </div>
  )
}
