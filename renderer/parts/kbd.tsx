import styles from './kbd.module.css'

/** A key as it stands on the keyboard. A hint for the eye; the control itself says what it does. */
export function Kbd({ keys }: { readonly keys: string }) {
  return (
    <span className={styles.key} aria-hidden="true" data-key>
      {keys}
    </span>
  )
}
