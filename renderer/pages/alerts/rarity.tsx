import { useRef } from 'react'
import type { AlertDetail } from '../../../core/contract/calls.ts'
import { useWidth } from '../../chart/use-width.ts'
import { count, many, shownUnit, value, withUnit } from '../../words/number.ts'

const height = 92
const base = height - 18

/** Where the observed value lies among all that was seen of this signal. */
export function Rarity({ detail }: { readonly detail: AlertDetail }) {
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box)
  const { distribution, alert } = detail
  return (
    <section>
      <h2>How rare</h2>
      <div ref={box}>
        {distribution === null ? (
          <p className="label">Not known: too little of this signal has been seen.</p>
        ) : (
          <Histogram {...distribution} width={width} observed={alert.explanation.observed} alert={alert} />
        )}
      </div>
      <p className="label">{sentence(detail)}</p>
    </section>
  )
}

interface HistogramProps {
  readonly edges: Float64Array
  readonly counts: Float64Array
  readonly width: number
  readonly observed: number | null
  readonly alert: AlertDetail['alert']
}

function Histogram({ edges, counts, width, observed, alert }: HistogramProps) {
  const low = Math.min(edges[0]!, observed ?? edges[0]!)
  const high = Math.max(edges.at(-1)!, observed ?? edges.at(-1)!)
  const x = (v: number) => ((v - low) / (high - low || 1)) * (width - 4) + 2
  const top = counts.reduce((a, b) => Math.max(a, b), 1)
  return (
    <svg width={width} height={height} role="img" aria-label={`Values seen, from ${value(low)} to ${value(high)}`}>
      {Array.from(counts, (n, i) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: bins do not move
          key={i}
          x={x(edges[i]!)}
          y={base - (n / top) * (base - 26)}
          width={Math.max(0.5, x(edges[i + 1]!) - x(edges[i]!) - 1)}
          height={(n / top) * (base - 26)}
          fill="var(--band-edge)"
        />
      ))}
      <path d={`M0 ${base + 0.5}H${width}`} stroke="var(--line)" />
      {observed !== null && (
        <Now
          x={x(observed)}
          width={width}
          ink={`var(--p${alert.priority})`}
          words={`${withUnit(observed, shownUnit(alert))} then`}
        />
      )}
      <text x="0" y={height - 4} fontSize="11" fill="var(--ink-3)">
        {value(low)}
      </text>
      <text x={width} y={height - 4} fontSize="11" fill="var(--ink-3)" textAnchor="end">
        {value(high)}
      </text>
    </svg>
  )
}

interface NowProps {
  readonly x: number
  readonly width: number
  readonly ink: string
  readonly words: string
}

function Now({ x, width, ink, words }: NowProps) {
  const left = x > width / 2
  return (
    <>
      <path d={`M${x} 10V${base}`} stroke={ink} strokeWidth="2" />
      <text
        x={left ? x - 6 : x + 6}
        y="18"
        fontSize="11"
        fontWeight="600"
        fill={ink}
        textAnchor={left ? 'end' : 'start'}
      >
        {words}
      </text>
    </>
  )
}

function sentence({ alert }: AlertDetail): string {
  const { learnedReadings, learnedDays, rarity } = alert.explanation
  if (learnedReadings === 0) return ''
  const share = rarity === null ? '' : ` As far out as this about once in ${count(rarity)} readings.`
  return `${many(learnedReadings, 'reading')} of this signal on ${many(Math.max(1, learnedDays), 'day')}.${share}`
}
