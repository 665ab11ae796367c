import type { ReactNode } from 'react'

interface SideProps {
  readonly label: string
  readonly className?: string | undefined
  readonly children: ReactNode
}

/** What stands beside a page. It scrolls by itself, so it takes the focus: keys reach what is below its edge. */
export function Side({ label, className, children }: SideProps) {
  return (
    <aside
      className={className === undefined ? 'side' : `side ${className}`}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
      style={{ outlineOffset: -2 }}
    >
      {children}
    </aside>
  )
}
