import type { MessageRow } from '../../../core/contract/calls.ts'
import type { Reading } from '../../../core/contract/model.ts'
import { useClock } from '../../use-core.ts'
import { count, thin, value } from '../../words/number.ts'
import { reasonWords } from '../../words/reason.ts'
import styles from './device.module.css'

interface MessageLineProps {
  readonly row: MessageRow
  readonly picked: boolean
  readonly onPick: (row: MessageRow) => void
}

/** One message in one line: when, where in the log, topic, as it came, as it was read. */
export function MessageLine({ row, picked, onPick }: MessageLineProps) {
  const clock = useClock()
  const { record } = row
  return (
    <button
      type="button"
      className={styles.message}
      data-row={record.offset}
      aria-pressed={picked}
      onClick={() => onPick(row)}
    >
      <span className="num small ink2" title={clock.utc(record.time)}>
        {clock.time(record.time)}
      </span>
      <span className="mono cut">{count(record.offset)}</span>
      <span className="mono cut ink2">{record.topic.name}</span>
      <span className="mono cut">{row.text ?? row.base64 ?? ''}</span>
      <span className={row.undecodable === null ? 'small cut ink2' : 'small cut p2 medium'}>
        {row.undecodable === null ? row.readings.map(said).join(', ') : reasonWords(row.undecodable)}
        {record.repeat && ' (sent again)'}
      </span>
    </button>
  )
}

function said(reading: Reading): string {
  const unit = reading.unit === null ? '' : `${thin}${reading.unit}`
  return `${reading.signal} ${value(reading.value)}${unit}`
}
