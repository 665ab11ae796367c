import type { Health, Status } from '../../../core/contract/calls.ts'
import { Icon } from '../../parts/icon.tsx'
import { useCall, useStatus } from '../../use-core.ts'
import { isAway, isHeldByDisk, waitsForDisk } from '../../words/capture.ts'
import { bytes, percent, roughly } from '../../words/number.ts'
import { sentence } from '../../words/sentence.ts'
import { age } from '../../words/time.ts'
import styles from './health.module.css'

interface CatchingUpProps {
  readonly health: Health | undefined
  readonly preparing: Status['preparing']
}

/** What is shown is not all yet: how far it is, and how long it takes. */
export function CatchingUp({ health, preparing }: CatchingUpProps) {
  if (preparing !== null) return <Progress done={preparing.done}>Making {preparing.what}</Progress>
  const catching = health?.catchingUp ?? null
  if (health === undefined || catching === null) return null
  return (
    <Progress {...catching}>Reading {roughly(health.capture.records)} records: views are rebuilt from the log</Progress>
  )
}

/** What is live is live; the past is not yet as it will be. */
export function ReadingAgain({ health }: Pick<CatchingUpProps, 'health'>) {
  const reading = health?.readingAgain ?? null
  if (health === undefined || reading === null) return null
  const meanwhile = 'What comes is watched as ever; the past is shown as it was read before, until all is done.'
  if (reading.lacksBytes !== null)
    return (
      <Note
        tone="p2"
        icon="disk"
        title={`History waits to be read again: the disk needs ${bytes(reading.lacksBytes)} more`}
      >
        {meanwhile}
      </Note>
    )
  return (
    <Progress {...reading} more={meanwhile}>
      Reading {roughly(health.capture.records)} records again with the mapping
    </Progress>
  )
}

interface ProgressProps {
  readonly done: number
  readonly secondsLeft?: number | null
  readonly more?: string
  readonly children: React.ReactNode
}

function Progress({ done, secondsLeft = null, more = '', children }: ProgressProps) {
  const left = secondsLeft === null ? '' : `, about ${age(secondsLeft * 1000)}`
  return (
    <div className={styles.note}>
      <span className={styles.progress}>
        <i style={{ width: `${done * 100}%` }} />
      </span>
      <div>
        <p className="num">
          {children}, {percent(done)}
          {left}.
        </p>
        {more !== '' && <p className="small ink2">{more}</p>}
      </div>
    </div>
  )
}

/** One row while nothing can be stored: what waits, and what becomes of what comes. */
export function DiskHolds() {
  const status = useStatus()
  const held = (status?.sources ?? []).find(isHeldByDisk)
  if (status === undefined || held === undefined) return null
  return (
    <Note tone="p1" icon="disk" title={sentence(waitsForDisk(status) ?? 'nothing can be stored')}>
      {sentence(held.error?.message ?? '')} {sentence(held.error?.hint ?? '')} {afterwards(status)}
    </Note>
  )
}

function afterwards({ recorder }: Status): string {
  return recorder?.queue.pausedSince == null
    ? 'When the queue is full, reading stops and messages wait at their brokers.'
    : 'Messages wait at their brokers: with QoS 1 none is lost, with QoS 0 the broker may drop them.'
}

/** One row while something is wrong with the log, although everything is stored. */
export function LogTrouble() {
  const trouble = useStatus()?.log.trouble ?? null
  if (trouble === null) return null
  return (
    <Note tone="p1" icon="disk" title="Everything is stored, but something is wrong with the log">
      {sentence(trouble.message)} {sentence(trouble.hint ?? '')}
    </Note>
  )
}

/** One row for a broker that is away; the devices behind it do not each raise their own. */
export function BrokerAway() {
  const status = useStatus()
  const gaps = useCall('continuity', { at: null, from: null, until: null }).data?.sources ?? []
  const away = (status?.sources ?? []).filter(isAway)
  return away.map((source) => {
    const since = gaps.find((one) => one.source === source.name)?.gaps.find((gap) => gap.until === null)?.from
    const lasts = since === undefined || status === undefined ? '' : ` for ${age(status.time - since)}`
    return (
      <Note key={source.name} tone="p2" icon="away" title={`Broker link ${source.name} is down${lasts}`}>
        {sentence(source.error?.message ?? source.url)}
        {source.error?.hint != null && ` ${sentence(source.error.hint)}`} Devices behind it are shown as they were last
        heard.
      </Note>
    )
  })
}

interface NoteProps {
  readonly tone: 'p1' | 'p2'
  readonly icon: 'disk' | 'away'
  readonly title: string
  readonly children: React.ReactNode
}

function Note({ tone, icon, title, children }: NoteProps) {
  return (
    <div className={styles.note} role="status">
      <span className={tone}>
        <Icon name={icon} />
      </span>
      <div>
        <p className="medium num">{title}</p>
        <p className="small ink2">{children}</p>
      </div>
    </div>
  )
}
