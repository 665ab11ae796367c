import type { Columns } from '../../core/contract/calls.ts'
import { Scroll } from '../parts/scroll.tsx'
import { count, range, shownUnit, value } from '../words/number.ts'
import type { Clock } from '../words/time.ts'
import styles from './chart.module.css'

const mostRows = 500

interface ChartTableProps {
  readonly title: string
  readonly columns: Columns
  readonly clock: Clock
}

/** The points of a chart as rows, newest first. */
export function ChartTable({ title, columns, clock }: ChartTableProps) {
  const shown = Math.min(mostRows, columns.time.length)
  const newest = Array.from({ length: shown }, (_, i) => columns.time.length - 1 - i)
  return (
    <Scroll className={styles.table} label={`${title}, as a table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col" className="right">
              Mean {shownUnit(columns)}
            </th>
            <th scope="col" className="right">
              Least to greatest
            </th>
            <th scope="col" className="right">
              Usual
            </th>
          </tr>
        </thead>
        <tbody>
          {newest.map((i) => (
            <tr key={columns.time[i]}>
              <td className="num">{clock.full(columns.time[i]!)}</td>
              <td className="num right">{written(columns.mean[i]!)}</td>
              <td className="num right">{between(columns.min[i]!, columns.max[i]!)}</td>
              <td className="num right">{between(columns.low[i]!, columns.high[i]!)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown < columns.time.length && (
        <p className="label">
          The newest {count(shown)} of {count(columns.time.length)} points.
        </p>
      )}
    </Scroll>
  )
}

function written(v: number): string {
  return Number.isNaN(v) ? 'no value' : value(v)
}

function between(low: number, high: number): string {
  return Number.isNaN(low) ? '–' : range(low, high)
}
