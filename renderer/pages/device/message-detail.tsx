import type { MessageRow } from '../../../core/contract/calls.ts'
import type { MessageMeta, Reading } from '../../../core/contract/model.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { formatRoute } from '../../route.ts'
import { useClock } from '../../use-core.ts'
import { bytes, count, thin, value } from '../../words/number.ts'
import { reasonWords } from '../../words/reason.ts'
import { topicWords } from '../../words/topic.ts'
import styles from './device.module.css'

/** A message whole: its place in the log, its bytes, and every reading found in it. */
export function MessageDetail({ message }: { readonly message: MessageRow }) {
  const clock = useClock()
  const { record } = message
  const eventTime = message.readings[0]?.time
  return (
    <>
      <section>
        <h2 style={{ marginBottom: 4 }}>Record {count(record.offset)}</h2>
        <dl>
          <dt>Came</dt>
          <dd className="num" title={clock.utc(record.time)}>
            {clock.full(record.time)}
          </dd>
          <dt>Source</dt>
          <dd>{record.topic.source}</dd>
          <dt>Topic</dt>
          <dd className="mono">{topicWords(record.topic.name)}</dd>
          <dt>Delivery</dt>
          <dd>
            QoS {record.qos}
            {record.retained && ', retained'}
            {record.repeat && ', sent again by the broker'}
          </dd>
          {eventTime !== undefined && (
            <>
              <dt>Event time</dt>
              <dd className="num" title={clock.utc(eventTime)}>
                {clock.full(eventTime)}
              </dd>
            </>
          )}
          {record.meta !== null && <Said meta={record.meta} />}
          <dt>Size</dt>
          <dd className="num">{bytes(message.size)}</dd>
        </dl>
      </section>
      <section>
        <h2 style={{ marginBottom: 4 }}>As it came</h2>
        <Scroll label="As it came" className={`mono ${styles.raw}`}>
          {message.text ?? message.base64 ?? '(empty)'}
        </Scroll>
        {message.text === null && message.base64 !== null && (
          <p className="label">It is not text, so it is shown in base64.</p>
        )}
      </section>
      <section>
        <h2 style={{ marginBottom: 4 }}>As it was read</h2>
        {message.undecodable !== null && (
          <p className="p2">
            {message.readings.length === 0 ? 'Not read' : 'Read in part'}: {reasonWords(message.undecodable)}. It is
            kept in the log. <MapLink topic={record.topic.name} />
          </p>
        )}
        <dl>
          {message.readings.map((reading) => (
            <ReadingRow key={reading.index} reading={reading} />
          ))}
        </dl>
      </section>
    </>
  )
}

function MapLink({ topic }: { readonly topic: string }) {
  return <a href={formatRoute({ page: 'map', topic, at: null })}>Map these messages</a>
}

/** What MQTT 5 says beside the payload. */
function Said({ meta }: { readonly meta: MessageMeta }) {
  const { contentType, responseTopic, correlation, expirySeconds, properties } = meta
  return (
    <>
      <Fact name="Content type" text={contentType} />
      <Fact name="Reply to" text={responseTopic} />
      <Fact name="Correlation" text={correlation} />
      <Fact name="Expires" text={expirySeconds === null ? null : `in ${count(expirySeconds)} s when it came`} />
      {properties.map(([name, text], i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a name may come more than once, and the list never changes
        <Fact key={i} name={name} text={text} />
      ))}
    </>
  )
}

function Fact({ name, text }: { readonly name: string; readonly text: string | null }) {
  if (text === null) return null
  return (
    <>
      <dt>{name}</dt>
      <dd className="mono">{text}</dd>
    </>
  )
}

function ReadingRow({ reading }: { readonly reading: Reading }) {
  const unit = reading.unit === null ? '' : `${thin}${reading.unit}`
  return (
    <>
      <dt className="mono">{reading.signal}</dt>
      <dd className="num">
        {value(reading.value)}
        {unit}
      </dd>
    </>
  )
}
