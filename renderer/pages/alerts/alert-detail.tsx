import type { At, AlertDetail as Detail } from '../../../core/contract/calls.ts'
import { NotThere } from '../../parts/not-there.tsx'
import { PriorityMark } from '../../parts/priority-mark.tsx'
import { Skeleton } from '../../parts/skeleton.tsx'
import { formatRoute } from '../../route.ts'
import { useCall } from '../../use-core.ts'
import { many } from '../../words/number.ts'
import { topicWords } from '../../words/topic.ts'
import { Actions } from './actions.tsx'
import styles from './alerts.module.css'
import { EvidenceTable } from './evidence.tsx'
import { Facts } from './facts.tsx'
import { Incident } from './incident.tsx'
import { Journal } from './journal.tsx'
import { Moved } from './moved.tsx'
import { Rarity } from './rarity.tsx'
import { WhatHappened } from './what-happened.tsx'

/** One alert with its why: what was observed, what was expected, and the records that show it. */
export function AlertDetail({ id, at }: { readonly id: string; readonly at: At }) {
  const detail = useCall('alert', { id, at })
  if (detail.error !== null)
    return (
      <NotThere
        what="alert"
        error={detail.error}
        list={{ href: formatRoute({ page: 'alerts', id: null, show: 'history', at }), name: 'History' }}
      />
    )
  if (detail.data === undefined) return <Skeleton />
  return <Loaded detail={detail.data} at={at} stale={detail.isPlaceholderData} />
}

function Loaded({ detail, at, stale }: { readonly detail: Detail; readonly at: At; readonly stale: boolean }) {
  const { alert } = detail
  return (
    <article className={stale ? `${styles.article} stale` : styles.article}>
      <header className={styles.head}>
        <PriorityMark
          priority={alert.priority}
          state={alert.detector === 'silence' ? 'silent' : 'alert'}
          acknowledged={alert.acknowledged !== null}
        />
        <div className={styles.title}>
          <h1>{alert.title}</h1>
          <p className="ink2">
            <a className="medium" href={formatRoute({ page: 'device', id: alert.device, tab: 'signals', at })}>
              {detail.label}
            </a>
            {detail.area !== '' && ` · ${detail.area}`}
            {detail.topic !== null && (
              <>
                {' · '}
                <span className="mono">{topicWords(detail.topic)}</span>
              </>
            )}
            {alert.suppressed !== null && <span className={`tag ${styles.tag}`}>{alert.suppressed}</span>}
            {alert.reopened > 0 && alert.latched === null && (
              <span className={`tag ${styles.tag}`}>opened again {many(alert.reopened, 'time')}</span>
            )}
            {alert.latched !== null && <span className={`tag ${styles.tag}`}>kept until acknowledged</span>}
            {alert.historical && <span className={`tag ${styles.tag}`}>historical, does not notify</span>}
            {alert.already && <span className={`tag ${styles.tag}`}>already active when its readings became live</span>}
          </p>
        </div>
        <Actions detail={detail} past={at !== null} />
      </header>
      <Facts detail={detail} at={at} />
      {alert.series !== null && <WhatHappened alert={alert} at={at} />}
      <Incident detail={detail} at={at} />
      <div className={styles.three}>
        <Moved detail={detail} at={at} />
        <Rarity detail={detail} />
        <EvidenceTable detail={detail} />
      </div>
      <Journal detail={detail} />
    </article>
  )
}
