import type { Health, Status } from '../../../core/contract/calls.ts'
import { Icon } from '../../parts/icon.tsx'
import { useCall, useStatus } from '../../use-core.ts'
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

/** One row for a broker that is away; the devices behind it do not each raise their own. */
export function BrokerAway() {
  const status = useStatus()
  const gaps = useCall('continuity', { at: null, from: null, until: null }).data?.sources ?? []
  const away = (status?.sources ?? []).filter((source) => source.state === 'down' || source.state === 'action needed')
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
