import type { CSSProperties, ReactNode, Ref } from 'react'

interface ScrollProps {
  readonly label: string
  readonly className?: string | undefined
  readonly style?: CSSProperties
  readonly ref?: Ref<HTMLElement>
  readonly children: ReactNode
}

/** A part of the page that scrolls by itself. It takes the focus, so that keys reach what is below its edge. */
export function Scroll({ label, className, style, ref, children }: ScrollProps) {
  return (
    <section
      ref={ref}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
      className={className}
      style={{ minHeight: 0, overflowY: 'auto', outlineOffset: -2, ...style }}
    >
      {children}
    </section>
  )
}
