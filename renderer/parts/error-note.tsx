import { FieldError } from '../../core/contract/errors.ts'
import { sentence } from '../words/sentence.ts'
import { Icon } from './icon.tsx'
import styles from './note.module.css'

/** An error in a row of its own: what, its value, the way out, and the code of the cause. */
export function ErrorNote({ error }: { readonly error: Error }) {
  const hint = error instanceof FieldError ? error.hint : null
  const code = codeOf(error)
  return (
    <div className={styles.error} role="alert">
      <Icon name="info" />
      <p>
        <span className="medium">{error.message}</span>
        {code !== null && ` (${code})`}
        {hint !== null && <span className="ink2">. {sentence(hint)}</span>}
      </p>
    </div>
  )
}

function codeOf(error: Error): string | null {
  const cause = error.cause
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : null
}
