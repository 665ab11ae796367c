import { useState } from 'react'
import type { At, DeviceDetail, Said, SignalRow } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { person, useClock, useCommand } from '../../use-core.ts'
import { signalName } from '../../words/signal.ts'
import { pace } from '../../words/time.ts'
import styles from './device.module.css'
import { unitWords } from './device-side.tsx'
import { EditSignal } from './edit-signal.tsx'

/** What was done last, and what undoes it. */
interface Done {
  readonly what: string
  readonly series: number
  readonly before: Said
}

/** The signals with what is known of each; a person names them, confirms their units and merges them. */
export function SignalNames({ device, at }: { readonly device: DeviceDetail; readonly at: At }) {
  const { send, pending, error } = useCommand()
  const [editing, setEditing] = useState<number | null>(null)
  const [done, setDone] = useState<Done | null>(null)
  const put = (next: Done, said: Said, stored: () => void) =>
    send('series.put', { series: next.series, ...said, by: person }, () => {
      setDone(next)
      stored()
    })
  const edited = device.signals.find(({ series }) => series === editing)
  return (
    <>
      {error !== null && <ErrorNote error={error} />}
      {done !== null && (
        <p className={`row small ${styles.done}`} role="status">
          {done.what}
          <Button
            look="quiet"
            disabled={pending}
            onClick={() => send('series.put', undoing(done), () => setDone(null))}
          >
            Undo
          </Button>
        </p>
      )}
      <table className={`${styles.narrow} ${styles.signalNames}`}>
        <thead>
          <tr>
            <th scope="col">Signal</th>
            <th scope="col">Unit</th>
            <th scope="col">Comes</th>
            <th scope="col">First seen</th>
            <th scope="col">Last seen</th>
            <th scope="col">
              <span className="unseen">Change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {device.signals.map((signal) => (
            <Row
              key={signal.series}
              device={device.row.device}
              signal={signal}
              past={at !== null}
              onEdit={() => setEditing(signal.series)}
              onSeparate={(part) =>
                put(
                  {
                    what: `${signalName(part.signal)} is a signal of its own again.`,
                    series: part.series,
                    before: part.said,
                  },
                  { ...part.said, into: null },
                  () => {},
                )
              }
            />
          ))}
        </tbody>
      </table>
      {edited !== undefined && (
        <EditSignal
          signal={edited}
          others={device.signals.filter(({ series, type }) => series !== edited.series && type === edited.type)}
          pending={pending}
          onClose={() => setEditing(null)}
          onSave={(said, what) =>
            put({ what, series: edited.series, before: edited.said }, said, () => setEditing(null))
          }
        />
      )}
    </>
  )
}

function undoing({ series, before }: Done) {
  return { series, ...before, by: person }
}

interface RowProps {
  readonly device: string
  readonly signal: SignalRow
  readonly past: boolean
  readonly onEdit: () => void
  readonly onSeparate: (part: SignalRow['parts'][number]) => void
}

function Row({ device, signal, past, onEdit, onSeparate }: RowProps) {
  const clock = useClock()
  const { said, parts, firstSeen, lastSeen } = signal
  return (
    <tr>
      <td>
        {said.name !== null && <span className="medium">{said.name} </span>}
        <span className={said.name === null ? 'mono' : 'mono ink3'}>{signal.signal}</span>
        {parts.map((part) => (
          <div key={part.series} className="row small ink2">
            with <span className="mono">{part.signal}</span>
            {part.device !== device && (
              <>
                {' of '}
                <span className="mono">{part.device}</span>
              </>
            )}
            <Button look="quiet" disabled={past} onClick={() => onSeparate(part)}>
              Separate
            </Button>
          </div>
        ))}
      </td>
      <td className="ink2">{unitWords(signal)}</td>
      <td className="ink2 num">{comes(signal)}</td>
      <td className="ink2 num">{firstSeen === null ? '–' : clock.moment(firstSeen)}</td>
      <td className="ink2 num">{lastSeen === null ? '–' : clock.moment(lastSeen)}</td>
      <td className="right">
        <Button
          look="quiet"
          disabled={past}
          title={past ? 'Go live to change it' : undefined}
          aria-label={`Change ${signalName(signal.signal)}`}
          onClick={onEdit}
        >
          Change…
        </Button>
      </td>
    </tr>
  )
}

function comes({ everyMs, cadence }: SignalRow): string {
  if (everyMs === null) return 'not learned yet'
  if (cadence === 'regular') return `every ${pace(everyMs)}`
  return cadence === null ? `about every ${pace(everyMs)}` : `${cadence}, about every ${pace(everyMs)}`
}
