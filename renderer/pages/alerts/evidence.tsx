import { useEffect, useRef, useState } from 'react'
import type { AlertDetail } from '../../../core/contract/calls.ts'
import type { Offset } from '../../../core/contract/model.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { useCall, useClock } from '../../use-core.ts'
import { bytes, count, shownUnit, value, withUnit } from '../../words/number.ts'
import { signalName } from '../../words/signal.ts'
import styles from './alerts.module.css'

const shownRows = 4

/** The records in the log that show it; each opens as it came. */
export function EvidenceTable({ detail }: { readonly detail: AlertDetail }) {
  const clock = useClock()
  const [all, setAll] = useState(false)
  const [open, setOpen] = useState<Offset | null>(null)
  const { evidence, alert, rule } = detail
  const { learnedReadings, modelFrom, modelTo } = alert.explanation
  const rows = all ? evidence : evidence.slice(0, shownRows)
  return (
    <section>
      <h2>Evidence</h2>
      <table className={styles.slim}>
        <thead>
          <tr>
            <th>Log offset</th>
            <th>Event time</th>
            <th className="right" style={{ width: 72 }}>
              {shownUnit(alert) ?? 'Value'}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.offset}:${row.time}`}>
              <td>
                <button type="button" className={`mono ${styles.offset}`} onClick={() => setOpen(row.offset)}>
                  {count(row.offset)}
                </button>
              </td>
              <td className="ink2 num" title={clock.utc(row.time)}>
                {clock.time(row.time)}
              </td>
              <td className="right num">
                {row.signal !== null && <span className="label">{signalName(row.signal)} </span>}
                {row.value === null ? '–' : value(row.value)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {!all && evidence.length > shownRows && (
        <Button look="quiet" onClick={() => setAll(true)}>
          {evidence.length - shownRows} more
        </Button>
      )}
      <p className="label">
        Rule {rule?.name ?? alert.rule}, version {alert.ruleVersion}.
        {learnedReadings > 0 && ` Learned from offsets ${count(modelFrom)} to ${count(modelTo)}.`}
      </p>
      {open !== null && <RecordDialog offset={open} onClose={() => setOpen(null)} />}
    </section>
  )
}

/** One record as it came, and what was read from it. */
function RecordDialog({ offset, onClose }: { readonly offset: Offset; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const record = useCall('record', { offset })
  const clock = useClock()
  useEffect(() => dialog.current?.showModal(), [])
  const row = record.data
  return (
    <dialog ref={dialog} className={styles.record} aria-labelledby="record-title" onClose={onClose}>
      <div className="row">
        <h2 id="record-title">Record {count(offset)}</h2>
        <span className="push" />
        <Button onClick={() => dialog.current?.close()}>Close</Button>
      </div>
      {record.error !== null && <ErrorNote error={record.error} />}
      {row !== undefined && (
        <>
          <dl>
            <dt>Arrived</dt>
            <dd className="num">{clock.long(row.record.time)}</dd>
            <dt>Topic</dt>
            <dd className="mono">{row.record.topic.name || '–'}</dd>
            <dt>Source</dt>
            <dd>{row.record.topic.source || '–'}</dd>
            <dt>Delivery</dt>
            <dd>
              QoS {row.record.qos}
              {row.record.retained && ', retained'}
              {row.record.repeat && ', sent again by the broker'}, {bytes(row.size)}
            </dd>
          </dl>
          <pre className="mono">{row.text ?? row.base64}</pre>
          <p className="small ink2">
            {row.undecodable === null
              ? row.readings.map((reading) => `${reading.signal} ${readingValue(reading)}`).join(', ')
              : `Cannot be read: ${row.undecodable.replaceAll('_', ' ')}. It is kept all the same.`}
          </p>
        </>
      )}
    </dialog>
  )
}

function readingValue(reading: { readonly value: number | string | boolean; readonly unit: string | null }): string {
  return typeof reading.value === 'boolean' ? value(reading.value) : withUnit(reading.value, reading.unit)
}
