import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react'
import type { At } from '../../../core/contract/calls.ts'
import { ErrorNote } from '../../parts/error-note.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { Skeleton } from '../../parts/skeleton.tsx'
import { useStatus } from '../../use-core.ts'
import { many } from '../../words/number.ts'
import { DeviceCells } from './device-cells.tsx'
import { type Line, linesOf, useDevicePages } from './device-pages.ts'
import styles from './device-table.module.css'

interface DeviceTableProps {
  readonly at: At
  readonly sort: 'area' | 'worst'
  readonly filter: string
  /** What stands above the table and scrolls with it. */
  readonly children?: ReactNode
}

const heights = { area: 28, device: 32 } as const

/** Every device in a row. Only the rows in sight are in the page, and only their pages are asked for. */
export function DeviceTable({ at, sort, filter, children }: DeviceTableProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const [seen, setSeen] = useState<readonly [number, number]>([0, 0])
  const devices = useDevicePages({ at, sort, filter }, seen)
  const lines = linesOf(devices.total, sort === 'area' ? devices.areas : null)
  const away = useAllAway(at)
  return (
    <Scroll ref={scroller} className={devices.stale ? `${styles.scroll} stale` : styles.scroll} label="Devices">
      {children}
      {devices.error !== null && <ErrorNote error={devices.error} />}
      {devices.total === null ? (
        devices.error === null && <Skeleton rows={12} />
      ) : lines.length === 0 ? (
        <p className="ink2" style={{ padding: '12px 24px' }}>
          {filter === '' ? 'No device has been heard yet.' : `No device has "${filter}" in its name or area.`}
        </p>
      ) : (
        <Rows lines={lines} scroller={scroller} at={at} rowAt={devices.rowAt} dim={away} onSeen={setSeen} />
      )}
    </Scroll>
  )
}

interface RowsProps {
  readonly lines: readonly Line[]
  readonly scroller: React.RefObject<HTMLDivElement | null>
  readonly at: At
  readonly rowAt: ReturnType<typeof useDevicePages>['rowAt']
  readonly dim: boolean
  readonly onSeen: (seen: readonly [number, number]) => void
}

function Rows({ lines, scroller, at, rowAt, dim, onSeen }: RowsProps) {
  const body = useRef<HTMLTableSectionElement>(null)
  const margin = useTopOf(body, scroller)
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: (i) => heights[lines[i]!.kind],
    scrollMargin: margin,
    overscan: 12,
  })
  const shown = rows.getVirtualItems()
  const first = lines[shown[0]?.index ?? 0]!.index
  const last = lines[shown.at(-1)?.index ?? 0]!.index
  useLayoutEffect(() => onSeen([first, last]), [first, last, onSeen])
  const above = (shown[0]?.start ?? margin) - margin
  const below = rows.getTotalSize() - ((shown.at(-1)?.end ?? margin) - margin)
  return (
    <table className={styles.table} aria-rowcount={lines.length + 1}>
      <Head />
      <tbody ref={body}>
        <Spacer height={above} />
        {shown.map(({ index }) => {
          const line = lines[index]!
          return line.kind === 'area' ? (
            <tr key={`area ${line.area}`} className={styles.group} aria-rowindex={index + 2}>
              <th scope="colgroup" colSpan={7}>
                {line.area === '' ? 'Without an area' : line.area} <span>{many(line.count, 'device')}</span>
              </th>
            </tr>
          ) : (
            <tr key={line.index} className={`${styles.device} ${dim ? styles.quiet : ''}`} aria-rowindex={index + 2}>
              <DeviceCells row={rowAt(line.index)} at={at} />
            </tr>
          )
        })}
        <Spacer height={below} />
      </tbody>
    </table>
  )
}

function Head() {
  return (
    <thead>
      <tr>
        <th scope="col" style={{ width: '23%' }}>
          Device
        </th>
        <th scope="col" style={{ width: '17%' }}>
          Main signal
        </th>
        <th scope="col" className="right" style={{ width: '11%' }}>
          Now
        </th>
        <th scope="col" style={{ width: 108 }}>
          In its band
        </th>
        <th scope="col" style={{ width: 136 }}>
          Last hour
        </th>
        <th scope="col" className="right">
          Heard
        </th>
        <th scope="col" className={`right ${styles.rate}`}>
          msg/min
        </th>
      </tr>
    </thead>
  )
}

function Spacer({ height }: { readonly height: number }) {
  return height <= 0 ? null : (
    <tr className={styles.spacer}>
      <td colSpan={7} style={{ height }} />
    </tr>
  )
}

/** How far the rows begin below the top of what scrolls. */
function useTopOf(element: React.RefObject<HTMLElement | null>, scroller: React.RefObject<HTMLElement | null>): number {
  const [top, setTop] = useState(0)
  useLayoutEffect(() => {
    const box = element.current
    const frame = scroller.current
    if (box === null || frame === null) return
    setTop(Math.round(box.getBoundingClientRect().top - frame.getBoundingClientRect().top + frame.scrollTop))
  })
  return top
}

/** With no broker left, every value is from before. */
function useAllAway(at: At): boolean {
  const sources = useStatus()?.sources ?? []
  return (
    at === null &&
    sources.length > 0 &&
    sources.every((source) => source.state === 'down' || source.state === 'action needed')
  )
}
