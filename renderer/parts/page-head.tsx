import type { ReactNode } from 'react'
import styles from './page-head.module.css'

interface PageHeadProps {
  readonly title: string
  /** The state in one sentence. */
  readonly sentence?: ReactNode
  /** Beside the title: a tag or a mark. */
  readonly beside?: ReactNode
  /** To the right: what can be done. */
  readonly children?: ReactNode
}

/** The one `h1` of a page, the state in a sentence, and what can be done. */
export function PageHead({ title, sentence, beside, children }: PageHeadProps) {
  return (
    <header className={styles.head}>
      <div className={styles.words}>
        <div className={styles.title}>
          <h1 className="cut">{title}</h1>
          {beside}
        </div>
        {sentence !== undefined && <p className={styles.sub}>{sentence}</p>}
      </div>
      {children}
    </header>
  )
}
