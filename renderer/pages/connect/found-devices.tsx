import type { ProbeResult } from '../../../core/contract/calls.ts'
import { Empty } from '../../parts/empty.tsx'
import { formatRoute } from '../../route.ts'
import { count, many, value } from '../../words/number.ts'
import styles from './connect.module.css'
import type { FoundDevice } from './topic-tree.ts'

interface FoundDevicesProps {
  readonly devices: readonly FoundDevice[]
  readonly unreadable: ProbeResult['topics']
}

const mostDevices = 200

/** What would be watched: devices and their signals, and what could not be read. */
export function FoundDevices({ devices, unreadable }: FoundDevicesProps) {
  if (devices.length === 0 && unreadable.length === 0)
    return (
      <Empty icon="device" title="Devices found">
        Devices and their signals are read from the topics; there is nothing to set up.
      </Empty>
    )
  const signals = devices.reduce((sum, device) => sum + device.signals.length, 0)
  return (
    <section className={styles.found} aria-label="Devices found">
      <p className={styles.foundHead}>
        {many(devices.length, 'device')}, {many(signals, 'signal')}
      </p>
      <table>
        <thead>
          <tr>
            <th>Device and signal</th>
            <th className="right">Now</th>
            <th style={{ width: '18%' }}>Unit</th>
          </tr>
        </thead>
        {devices.slice(0, mostDevices).map((device) => (
          <Device key={device.device} device={device} />
        ))}
      </table>
      {devices.length > mostDevices && (
        <p className={styles.foundNote}>{count(devices.length - mostDevices)} more devices.</p>
      )}
      {unreadable.length > 0 && (
        <p className={styles.foundNote}>
          {many(unreadable.length, 'topic')} cannot be read:{' '}
          {unreadable.slice(0, 3).map((topic) => (
            <span key={topic.name}>
              <span className="mono">{topic.name.slice(0, 80)}</span> ({topic.undecodable?.replaceAll('_', ' ')},{' '}
              <a href={formatRoute({ page: 'map', topic: topic.name, at: null })}>map these messages</a>){' '}
            </span>
          ))}
          They are kept in the log all the same.
        </p>
      )}
    </section>
  )
}

function Device({ device }: { readonly device: FoundDevice }) {
  return (
    <tbody>
      <tr className={styles.group}>
        <th colSpan={3} scope="rowgroup">
          {device.device} <span className="ink3">{many(device.signals.length, 'signal')}</span>
        </th>
      </tr>
      {device.signals.map((signal) => (
        <tr key={signal.signal}>
          <td className="mono">{signal.signal}</td>
          <td className="right num">{value(signal.value)}</td>
          <td className="ink2">{signal.unit ?? '–'}</td>
        </tr>
      ))}
    </tbody>
  )
}
