import { useRef } from 'react'
import type { Coverage } from '../../core/contract/calls.ts'
import { Hatch } from '../frame/strip.tsx'
import { type Span, shareOf } from '../frame/time-window.ts'
import { many } from '../words/number.ts'
import { useWidth } from './use-width.ts'

interface CoverageBarProps {
  readonly name: string
  readonly coverage: Coverage
  readonly span: Span
}

const height = 12
/** A gap of minutes shows in a bar of days. */
const leastWidth = 4

/** When something was heard, as a bar; its gaps hatched. Before it was known, and after it was removed, there is no bar. */
export function CoverageBar({ name, coverage, span }: CoverageBarProps) {
  const element = useRef<HTMLDivElement>(null)
  const width = useWidth(element)
  const { since, gaps } = coverage
  const start = since === null ? width : Math.min(width - 2, shareOf(span, since) * width) // one that just began shows too
  return (
    <div ref={element}>
      <svg width={width} height={height} role="img" aria-label={label(name, coverage)} style={{ display: 'block' }}>
        <Hatch />
        {since !== null && (
          <rect x={start} width={Math.max(2, width - start)} height={height} rx="2" fill="var(--band)" />
        )}
        {gaps.map((gap) => {
          const x = Math.max(0, Math.min(width - leastWidth, shareOf(span, gap.from) * width))
          const wide = Math.max(leastWidth, shareOf(span, gap.until ?? span.until) * width - x)
          const expected = gap.cause !== 'removed' && gap.cause !== 'no longer kept'
          return (
            <g key={`${gap.from} ${gap.cause}`}>
              <rect x={x} width={wide} height={height} fill="var(--surface)" />
              {expected && <rect x={x} width={wide} height={height} fill="url(#gap)" />}
            </g>
          )
        })}
      </svg>
    </div>
  )
}

function label(name: string, { since, gaps, more }: Coverage): string {
  if (since === null) return `${name}: not heard`
  return `${name}: ${gaps.length === 0 ? 'no gap' : `${more ? 'more than ' : ''}${many(gaps.length, 'gap')}`}`
}
