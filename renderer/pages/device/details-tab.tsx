import { useState } from 'react'
import type { At, DeviceDetail } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { DeviceContinuity } from './continuity.tsx'
import { CountAs } from './count-as.tsx'
import styles from './device.module.css'
import { DeviceFacts } from './device-side.tsx'
import { SignalNames } from './signal-names.tsx'

/** All that is known of the device, and how it came to be known. */
export function DetailsTab({ device, at }: { readonly device: DeviceDetail; readonly at: At }) {
  const [counting, setCounting] = useState(false)
  return (
    <Scroll className={styles.scroll} label="Details">
      <div className={styles.pane}>
        <h2 style={{ marginBottom: 4 }}>This device</h2>
        <DeviceFacts device={device} />
        <DeviceContinuity id={device.row.device} at={at} />
        <div className="row" style={{ marginTop: 18 }}>
          <h2>Signals</h2>
          <span className="push" />
          {device.signals.length > 0 && (
            <Button
              look="quiet"
              disabled={at !== null}
              title={at === null ? undefined : 'Go live to change it'}
              onClick={() => setCounting(true)}
            >
              Count as another device…
            </Button>
          )}
        </div>
        <SignalNames device={device} at={at} />
        {counting && <CountAs device={device} onClose={() => setCounting(false)} />}
      </div>
    </Scroll>
  )
}
