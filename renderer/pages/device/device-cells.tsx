import type { At, DeviceRow } from '../../../core/contract/calls.ts'
import { BandBar } from '../../chart/band-bar.tsx'
import { Spark } from '../../chart/spark.tsx'
import { PriorityMark } from '../../parts/priority-mark.tsx'
import { formatRoute } from '../../route.ts'
import { useStatus } from '../../use-core.ts'
import { count, withUnit } from '../../words/number.ts'
import { signalName } from '../../words/signal.ts'
import { age, pace } from '../../words/time.ts'
import styles from './device-table.module.css'

/** The cells of one device: state, main signal, its value and place in the band, the last hour, when it was heard. */
export function DeviceCells({ row, at }: { readonly row: DeviceRow | undefined; readonly at: At }) {
  const now = useStatus()?.time ?? Date.now()
  if (row === undefined) return <Shape />
  const quiet = row.state === 'silent'
  const ink = row.state === 'alert' && row.priority !== null ? `var(--p${row.priority})` : null
  return (
    <>
      <td>
        <a
          className={styles.name}
          data-row={row.device}
          href={formatRoute({ page: 'device', id: row.device, tab: 'signals', at })}
        >
          <PriorityMark priority={row.priority} state={row.state} acknowledged={row.acknowledged} />
          <span className={row.state === 'normal' || row.state === 'learning' ? 'cut' : 'cut medium'}>{row.label}</span>
        </a>
      </td>
      <td className="ink2">{row.name ?? (row.signal === null ? '–' : signalName(row.signal))}</td>
      <td className={quiet || row.value === null ? 'right num ink3' : 'right num medium'}>
        {withUnit(row.value, row.unit)}
        {row.unitGuessed && row.value !== null && <span className="ink3"> ?</span>}
      </td>
      <td>{place(row, ink)}</td>
      <td>
        <Spark
          values={row.spark}
          width={120}
          height={22}
          band={row.band}
          fill={false}
          join={joinOf(row)}
          outside={ink}
        />
      </td>
      <td className="right num">
        <span className={quiet ? 'p2 medium' : 'ink2'}>
          {row.heard === null ? 'never' : age(Math.max(0, (at ?? now) - row.heard))}
        </span>
        {row.everyMs !== null && <span className="ink3"> / {pace(row.everyMs)}</span>}
      </td>
      <td className={`right num ink2 ${styles.rate}`}>{count(Math.round(row.perMinute))}</td>
    </>
  )
}

function place(row: DeviceRow, ink: string | null) {
  if (row.state === 'learning') return <span className="small ink3">learning</span>
  if (typeof row.value !== 'number' || row.band === null) return <span className="ink3">–</span>
  return <BandBar value={row.value} band={row.band} colour={ink ?? 'var(--series)'} />
}

/** A device that speaks about once a minute leaves some minutes empty. */
function joinOf({ everyMs }: DeviceRow): number {
  return everyMs === null ? 0 : Math.min(10, Math.round(everyMs / 30_000))
}

function Shape() {
  return (
    <>
      {[60, 50, 40, 80, 90, 45].map((width) => (
        <td key={width}>
          <i className={styles.shape} style={{ width: `${width}%` }} />
        </td>
      ))}
      <td className={styles.rate} />
    </>
  )
}
