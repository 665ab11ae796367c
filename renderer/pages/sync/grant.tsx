import { useState } from 'react'
import { Button } from '../../parts/button.tsx'
import styles from './sync.module.css'

/** Lines for whoever runs the cluster, to be handed on whole. */
export function Grant({ lines }: { readonly lines: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(lines)
    setCopied(true)
  }
  return (
    <div className={styles.grant}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <pre className="mono" tabIndex={0}>
        {lines}
      </pre>
      <Button onClick={() => void copy().catch(() => setCopied(false))}>{copied ? 'Copied' : 'Copy'}</Button>
    </div>
  )
}
