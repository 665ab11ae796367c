import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useRef } from 'react'
import { Scroll } from './scroll.tsx'

interface VirtualListProps<T> {
  readonly label: string
  readonly items: readonly T[]
  readonly keyOf: (item: T) => string | number
  /** Pixels; every row of one kind has the same height. */
  readonly heightOf: (item: T) => number
  readonly children: (item: T, index: number) => ReactNode
}

/** A list that can grow: only the rows in sight are in the page. It fills its parent and scrolls. */
export function VirtualList<T>({ label, items, keyOf, heightOf, children }: VirtualListProps<T>) {
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => heightOf(items[index]!),
    getItemKey: (index) => keyOf(items[index]!),
    overscan: 8,
  })
  return (
    <Scroll ref={scroller} label={label} style={{ height: '100%', overflowY: 'auto', outlineOffset: -2 }}>
      <ul style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {rows.getVirtualItems().map((row) => (
          <li
            key={row.key}
            style={{ position: 'absolute', insetInline: 0, height: row.size, transform: `translateY(${row.start}px)` }}
          >
            {children(items[row.index]!, row.index)}
          </li>
        ))}
      </ul>
    </Scroll>
  )
}
