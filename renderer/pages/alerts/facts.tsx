import type { ReactNode } from 'react'
import type { AlertDetail, At } from '../../../core/contract/calls.ts'
import { formatRoute } from '../../route.ts'
import { useClock, useStatus } from '../../use-core.ts'
import { count, many, range, shownUnit, withUnit } from '../../words/number.ts'
import { age, pace } from '../../words/time.ts'
import styles from './alerts.module.css'

/** Observed, expected, how rare, since when: the four answers that an alert owes. */
export function Facts({ detail, at }: { readonly detail: AlertDetail; readonly at: At }) {
  const { alert } = detail
  const { explanation } = alert
  return (
    <>
      <dl className={styles.facts}>
        <Fact name="Observed" note={absent.get(alert.detector) ?? 'when it opened'}>
          <span className={alert.until === null ? `p${alert.priority}` : undefined}>
            {explanation.observed === null ? 'silent' : withUnit(explanation.observed, shownUnit(alert))}
          </span>
        </Fact>
        <Fact name="Expected" note={explanation.why}>
          <Expected detail={detail} />
        </Fact>
        <Fact name="How rare" note={learned(detail)}>
          {explanation.rarity === null ? 'not known' : `once in ${count(explanation.rarity)}`}
        </Fact>
        <Since detail={detail} at={at} />
      </dl>
      {alert.unitGuessed && <Guess device={alert.device} at={at} />}
    </>
  )
}

function Guess({ device, at }: { readonly device: string; readonly at: At }) {
  return (
    <p className="label">
      A unit with "?" is a guess.{' '}
      <a className="medium" href={formatRoute({ page: 'device', id: device, tab: 'details', at })}>
        Confirm it under Details
      </a>
    </p>
  )
}

/** Detectors of what does not come. */
const absent: ReadonlyMap<string, string> = new Map([
  ['silence', 'no message'],
  ['missing', 'no reading'],
])

function Since({ detail, at }: { readonly detail: AlertDetail; readonly at: At }) {
  const clock = useClock()
  const now = useStatus()?.time ?? Date.now()
  const { since, until } = detail.alert
  const lasted = age((until ?? at ?? now) - since)
  const note = until === null ? `${lasted}, event time` : `for ${lasted}, until ${clock.moment(until)}`
  return (
    <Fact name="Since" note={note}>
      <span title={clock.utc(since)}>{Math.abs(now - since) < dayMs ? clock.time(since) : clock.moment(since)}</span>
    </Fact>
  )
}

const dayMs = 24 * 3600_000

interface FactProps {
  readonly name: string
  readonly note: string
  readonly children: ReactNode
}

function Fact({ name, note, children }: FactProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={`num ${styles.fact}`}>{children}</dd>
      <dd className="label">{note}</dd>
    </div>
  )
}

function Expected({ detail: { alert } }: { readonly detail: AlertDetail }) {
  const { expected: band, usualGapMs } = alert.explanation
  if (band === null) return usualGapMs === null ? 'not known' : `every ${pace(usualGapMs)}`
  return (
    <>
      {range(band.low, band.high)} {alert.unit !== null && <span className={styles.unit}>{shownUnit(alert)}</span>}
    </>
  )
}

function learned({ alert }: AlertDetail): string {
  const { learnedReadings, learnedDays, limitMs } = alert.explanation
  if (limitMs !== null) return `limit ${pace(limitMs)}`
  if (learnedReadings === 0) return 'nothing learned'
  return `${many(learnedReadings, 'reading')} on ${many(Math.max(1, learnedDays), 'day')}`
}
