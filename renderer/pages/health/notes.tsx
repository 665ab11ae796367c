import type { Health, Status } from '../../../core/contract/calls.ts'
import { Icon } from '../../parts/icon.tsx'
import { useCall, useStatus } from '../../use-core.ts'
import { isAway, isHeldByDisk, waitsForDisk } from '../../words/capture.ts'
import { percent, roughly } from '../../words/number.ts'
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
  const left = catching.secondsLeft === null ? '' : `, about ${age(catching.secondsLeft * 1000)}`
  return (
    <Progress done={catching.done} after={left}>
      Reading {roughly(health.capture.records)} records: views are rebuilt from the log
    </Progress>
  )
}

interface ProgressProps {
  readonly done: number
  readonly after?: string
  readonly children: React.ReactNode
}

function Progress({ done, after = '', children }: ProgressProps) {
  return (
    <div className={styles.note}>
      <span className={styles.progress}>
        <i style={{ width: `${done * 100}%` }} />
      </span>
      <p className="num">
        {children}, {percent(done)}
        {after}.
      </p>
    </div>
  )
}

/** One row while nothing can be stored: what waits, and what becomes of what comes. */
export function DiskHolds() {
  const status = useStatus()
  const held = (status?.sources ?? []).find(isHeldByDisk)
  if (status === undefined || held === undefined) return null
  return (
    <div className={styles.note} role="status">
      <span className="p1">
        <Icon name="disk" />
      </span>
      <div>
        <p className="medium num">{sentence(waitsForDisk(status) ?? 'nothing can be stored')}</p>
        <p className="small ink2">
          {sentence(held.error?.message ?? '')} {sentence(held.error?.hint ?? '')} {afterwards(status)}
        </p>
      </div>
    </div>
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
    <div className={styles.note} role="status">
      <span className="p1">
        <Icon name="disk" />
      </span>
      <div>
        <p className="medium">Everything is stored, but something is wrong with the log</p>
        <p className="small ink2">
          {sentence(trouble.message)} {sentence(trouble.hint ?? '')}
        </p>
      </div>
    </div>
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
      <div key={source.name} className={styles.note} role="status">
        <span className="p2">
          <Icon name="away" />
        </span>
        <div>
          <p className="medium">
            Broker link {source.name} is down{lasts}
          </p>
          <p className="small ink2">
            {sentence(source.error?.message ?? source.url)}
            {source.error?.hint != null && ` ${sentence(source.error.hint)}`} Devices behind it are shown as they were
            last heard.
          </p>
        </div>
      </div>
    )
  })
}
