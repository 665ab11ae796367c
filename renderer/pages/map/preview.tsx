import type { MessageRow } from '../../../core/contract/calls.ts'
import { Empty } from '../../parts/empty.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { useClock } from '../../use-core.ts'
import { count, many, value } from '../../words/number.ts'
import { reasonWords } from '../../words/reason.ts'
import styles from './map.module.css'

interface PreviewProps {
  readonly rows: readonly MessageRow[]
  readonly error: Error | null
  readonly pending: boolean
  /** Some topics are named. */
  readonly asked: boolean
}

/** Readings of a message that are shown. */
const most = 12

/** The newest messages of the topics, as they came and as they would be read. */
export function Preview({ rows, error, pending, asked }: PreviewProps) {
  if (!asked)
    return (
      <Empty icon="radio" title="Name the topics first">
        Their newest five messages appear here, read as the form says.
      </Empty>
    )
  if (error !== null) return <ErrorNote error={error} />
  if (rows.length === 0)
    return (
      <Empty icon="radio" title={pending ? 'Looking for messages' : 'No message of these topics'}>
        The newest five that are kept appear here, read as the form says.
      </Empty>
    )
  return (
    <Scroll label="Preview" className={styles.preview}>
      {rows.map((row) => (
        <Message key={row.record.offset} row={row} />
      ))}
    </Scroll>
  )
}

function Message({ row }: { readonly row: MessageRow }) {
  const clock = useClock()
  return (
    <article className={styles.message}>
      <p className="label">
        <span className="num">{clock.full(row.record.time)}</span>, record {count(row.record.offset)},{' '}
        <span className="mono">{row.record.topic.name}</span>
        {row.text === null && row.base64 !== null && ', not text, so in base64'}
      </p>
      <pre className={`mono ${styles.raw}`}>{(row.text ?? row.base64 ?? '').slice(0, 400)}</pre>
      {row.undecodable !== null && <p className="p2">Not read: {reasonWords(row.undecodable)}.</p>}
      {row.readings.length > 0 && <Readings row={row} />}
    </article>
  )
}

function Readings({ row }: { readonly row: MessageRow }) {
  const clock = useClock()
  return (
    <>
      <table>
        <tbody>
          {row.readings.slice(0, most).map((reading) => (
            <tr key={reading.index}>
              <td>{reading.device}</td>
              <td className="mono">{reading.signal}</td>
              <td className="right num">{value(reading.value)}</td>
              <td className="ink2">{reading.unit ?? ''}</td>
              <td className="num ink2">{clock.full(reading.time)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {row.readings.length > most && <p className="label">{many(row.readings.length - most, 'more reading')}</p>}
    </>
  )
}
