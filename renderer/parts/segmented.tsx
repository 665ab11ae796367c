import type { ReactNode } from 'react'
import styles from './segmented.module.css'

interface SegmentedProps<T extends string> {
  readonly label: string
  readonly value: T
  readonly choices: readonly { readonly value: T; readonly label: string; readonly mark?: ReactNode }[]
  readonly onChange: (value: T) => void
  readonly look?: 'plain' | 'time'
}

/** One of a few, all in sight. */
export function Segmented<T extends string>({ label, value, choices, onChange, look = 'plain' }: SegmentedProps<T>) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a row of joined buttons
    <div role="group" aria-label={label} className={look === 'time' ? `${styles.group} ${styles.time}` : styles.group}>
      {choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          className={styles.choice}
          aria-pressed={choice.value === value}
          onClick={() => onChange(choice.value)}
        >
          {choice.mark}
          {choice.label}
        </button>
      ))}
    </div>
  )
}
