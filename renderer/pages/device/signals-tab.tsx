import { useState } from 'react'
import type { At, Calls, DeviceDetail } from '../../../core/contract/calls.ts'
import type { Millis } from '../../../core/contract/model.ts'
import { ChartGroup } from '../../chart/hover.tsx'
import { TimeAxis } from '../../chart/time-axis.tsx'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { Skeleton } from '../../parts/skeleton.tsx'
import { useCall, useClock, useStatus } from '../../use-core.ts'
import styles from './device.module.css'
import { DeviceSide } from './device-side.tsx'
import { SignalRow } from './signal-row.tsx'

interface SignalsTabProps {
  readonly device: DeviceDetail
  readonly at: At
  readonly window: Millis
}

interface Range {
  readonly from: Millis
  readonly until: Millis
}

const points = 600
const atFirst = 8
const alertsAsked = 100

/** The signals of a device, one above the other, on one time axis. */
export function SignalsTab({ device, at, window }: SignalsTabProps) {
  const [zoomed, setZoomed] = useState<Range | null>(null)
  const [most, setMost] = useState(atFirst)
  const now = useStatus()?.time
  const clock = useClock()
  const range = zoomed ?? ending(at ?? now ?? Date.now(), window)
  const signals = device.signals.slice(0, most)
  const input: Calls['series']['in'] = { series: signals.map((signal) => signal.series), ...range, points, at }
  const { data, error, isPlaceholderData } = useCall('series', input, {
    enabled: now !== undefined && signals.length > 0,
  })
  const alerts =
    useCall('alerts', { at, show: 'history', device: device.row.device, limit: alertsAsked }).data?.rows ?? []
  const rest = device.signals.length - signals.length
  return (
    <div className={styles.split}>
      <Scroll className={styles.scroll} label="Signals over time">
        {error !== null && <ErrorNote error={error} />}
        {data === undefined && error === null && signals.length > 0 && <Skeleton rows={8} />}
        {signals.length === 0 && (
          <p className="ink2" style={{ padding: '12px 24px' }}>
            No signal has been read from its messages yet.
          </p>
        )}
        <ChartGroup>
          <div className={isPlaceholderData && zoomed !== null ? `${styles.signals} stale` : styles.signals}>
            {signals.map((signal) => {
              const columns = data?.find((one) => one.series === signal.series)
              return (
                columns && (
                  <SignalRow
                    key={signal.series}
                    signal={signal}
                    columns={columns}
                    alerts={alerts.filter(({ alert }) => alert.series === signal.series)}
                    {...range}
                    clock={clock}
                    onRange={setZoomed}
                  />
                )
              )
            })}
            {data !== undefined && (
              <div className={styles.axis}>
                <TimeAxis {...range} clock={clock} />
              </div>
            )}
          </div>
        </ChartGroup>
        <div className={`row ${styles.more}`}>
          {rest > 0 && (
            <Button onClick={() => setMost(most + atFirst)}>
              Show {Math.min(rest, atFirst)} more of {device.signals.length} signals
            </Button>
          )}
          {zoomed !== null && <Button onClick={() => setZoomed(null)}>Back to the whole time</Button>}
        </div>
      </Scroll>
      <DeviceSide device={device} />
    </div>
  )
}

/** Ends at an instant, moved on in steps of one point so that answers can be kept. */
function ending(instant: Millis, window: Millis): Range {
  const step = Math.max(1_000, window / points)
  const until = Math.ceil(instant / step) * step
  return { from: until - window, until }
}
