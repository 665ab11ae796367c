import { type KeyboardEvent, useRef } from 'react'
import { useKeys } from '../keys.ts'
import styles from './filter-field.module.css'
import { Icon } from './icon.tsx'
import { Kbd } from './kbd.tsx'

interface FilterFieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
}

/** Words that a list is narrowed by. `/` goes to it, Esc empties it and leaves. */
export function FilterField({ label, value, onChange }: FilterFieldProps) {
  const field = useRef<HTMLInputElement>(null)
  useKeys({ '/': () => field.current?.focus() })
  const leave = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    onChange('')
    field.current?.blur()
  }
  return (
    <label className={styles.field}>
      <Icon name="search" />
      <input
        ref={field}
        type="search"
        value={value}
        placeholder={label}
        aria-label={label}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={leave}
      />
      {value === '' && <Kbd keys="/" />}
    </label>
  )
}
