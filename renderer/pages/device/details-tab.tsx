import type { At, DeviceDetail } from '../../../core/contract/calls.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { DeviceContinuity } from './continuity.tsx'
import styles from './device.module.css'
import { DeviceFacts } from './device-side.tsx'
import { SignalNames } from './signal-names.tsx'

/** All that is known of the device, and how it came to be known. */
export function DetailsTab({ device, at }: { readonly device: DeviceDetail; readonly at: At }) {
  return (
    <Scroll className={styles.scroll} label="Details">
      <div className={styles.pane}>
        <h2 style={{ marginBottom: 4 }}>This device</h2>
        <DeviceFacts device={device} />
        <DeviceContinuity id={device.row.device} at={at} />
        <h2 style={{ marginTop: 18 }}>Signals</h2>
        <SignalNames device={device} at={at} />
      </div>
    </Scroll>
  )
}
