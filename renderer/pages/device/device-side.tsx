import type { DeviceDetail } from '../../../core/contract/calls.ts'
import { Side } from '../../parts/side.tsx'
import { useClock } from '../../use-core.ts'
import { shownUnit } from '../../words/number.ts'
import { pace } from '../../words/time.ts'
import { topicWords } from '../../words/topic.ts'
import styles from './device.module.css'

const notesShown = 3
const signalsShown = 12

/** Beside the charts: the signals by name, what is known of the device, the newest notes. */
export function DeviceSide({ device }: { readonly device: DeviceDetail }) {
  const clock = useClock()
  return (
    <Side label="About this device">
      <section>
        <h2>Signals</h2>
        <SignalTable signals={device.signals.slice(0, signalsShown)} />
        {device.signals.length > signalsShown && (
          <p className="label">{device.signals.length - signalsShown} more under Details.</p>
        )}
      </section>
      <section>
        <h2 style={{ marginBottom: 4 }}>This device</h2>
        <DeviceFacts device={device} />
      </section>
      {device.notes.length > 0 && (
        <section>
          <h2>Notes</h2>
          {device.notes.slice(0, notesShown).map((note) => (
            <p key={`${note.time} ${note.text}`} className="small ink2" style={{ marginTop: 4 }}>
              <span className="strong">
                {note.by}, {clock.day(note.time)}.
              </span>{' '}
              {note.text}
            </p>
          ))}
        </section>
      )}
    </Side>
  )
}

function SignalTable({ signals }: { readonly signals: DeviceDetail['signals'] }) {
  const guessed = signals.filter((signal) => signal.unitGuessed)
  return (
    <>
      <table className={styles.narrow}>
        <thead>
          <tr>
            <th scope="col" style={{ width: '50%' }}>
              Name
            </th>
            <th scope="col">Unit</th>
            <th scope="col" className="right" style={{ paddingRight: 0 }}>
              Every
            </th>
          </tr>
        </thead>
        <tbody>
          {signals.map((signal) => (
            <tr key={signal.series}>
              <td className={signal.said.name === null ? 'mono' : undefined} title={signal.signal}>
                {signal.said.name ?? signal.signal}
              </td>
              <td className="ink2">{unitWords(signal)}</td>
              <td className="right num ink2" style={{ paddingRight: 0 }}>
                {signal.everyMs === null ? 'change' : pace(signal.everyMs)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {guessed.length > 0 && (
        <p className="label" style={{ marginTop: 4 }}>
          A unit with "?" is a guess. Confirm it under Details.
        </p>
      )}
    </>
  )
}

/** With a "?" where it is a guess. */
export function unitWords(signal: DeviceDetail['signals'][number]): string {
  if (signal.type === 'text') return 'words'
  if (signal.type === 'boolean') return 'on, off'
  return shownUnit(signal) ?? '–'
}

export function DeviceFacts({ device }: { readonly device: DeviceDetail }) {
  return (
    <dl>
      <dt>Topic</dt>
      <dd className="mono">{topicWords(device.topic ?? device.row.device)}</dd>
      <dt>Area</dt>
      <dd>{device.row.area === '' ? 'none' : device.row.area}</dd>
      <dt>Usually every</dt>
      <dd>{device.row.everyMs === null ? 'not learned yet' : pace(device.row.everyMs)}</dd>
      <dt>Silent after</dt>
      <dd>{device.silentAfterMs === null ? 'not learned yet' : `${pace(device.silentAfterMs)} (learned)`}</dd>
    </dl>
  )
}
