import type { ReactNode } from 'react'
import type { At, Recorder as Row, SourceRow, Spread, Status } from '../../../core/contract/calls.ts'
import { useClock, useStatus } from '../../use-core.ts'
import { bytes, count, many } from '../../words/number.ts'
import { age, brief } from '../../words/time.ts'
import { unsentWords } from '../../words/unsent.ts'
import styles from './health.module.css'

const day = 86_400_000
/** It speaks once a second. */
const quietMs = 5_000

/** Whether this machine keeps up with what comes; of now, also while the page shows the past. */
export function Recorder({ at }: { readonly at: At }) {
  const status = useStatus()
  const clock = useClock()
  const row = status?.recorder ?? null
  if (status === undefined || row === null) return null
  const quiet = status.time - row.time
  return (
    <section>
      <div className={styles.sideHead}>
        <h2>{at === null ? 'Recorder' : 'Recorder, now'}</h2>
        <span className="label">last minute</span>
      </div>
      {quiet > quietMs && (
        <p className="small p2 medium">No answer for {age(quiet)}: the disk or this machine holds it.</p>
      )}
      <dl className={styles.facts}>
        <Fact name="Received">
          {count(Math.round(row.perSecond))} msg/s, {bytes(Math.round(row.bytesPerSecond))}/s
        </Fact>
        <Fact name="Stored on disk in" title={spreadTitle('A write to the disk took', row.commit)}>
          {spread(row.commit)}
        </Fact>
        <Fact
          name="Confirmed after"
          title={spreadTitle('From arrival until the broker heard "stored":', row.acknowledged)}
        >
          {spread(row.acknowledged)}
        </Fact>
        <Fact name="Waits for the disk">{waiting(row.queue)}</Fact>
        <Fact name="Room in the log" title={roomTitle(row)}>
          {room(row.runwayDays)}
        </Fact>
        <Fact name="Written to the disk" title="By all of this program. A disk wears with what is written to it.">
          {row.writtenPerDay === null ? 'known after 10 min' : `${bytes(row.writtenPerDay)} a day`}
        </Fact>
        <Fact name="Write-ahead files" title="What is durable, and not in its final place yet (WAL).">
          {bytes(row.walBytes)}
        </Fact>
        {status.sources.flatMap(droppedFacts)}
      </dl>
      {held(status.log) !== null && <p className="small p2 medium">{held(status.log)}</p>}
      {status.log.archiveFrom !== null && (
        <p className="small">
          Charts and past alerts before {clock.day(status.log.archiveFrom)} went: together they passed their bound.
        </p>
      )}
      {status.log.note !== null && <p className="small">{status.log.note}</p>}
    </section>
  )
}

/** A moment's wait for the program itself is nothing to be told of. */
function held(log: Status['log']): string | null {
  const { heldBy } = log
  if (heldBy === null || heldBy.destination === null) return unsentWords(log)
  return `The log keeps files that should go: ${heldBy.destination} lacks the records from ${count(heldBy.offset)} on. See Sync.`
}

function Fact({ name, title, children }: { name: string; title?: string | undefined; children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd className="num" title={title}>
        {children}
      </dd>
    </div>
  )
}

function droppedFacts({ name, dropped }: SourceRow): ReactNode[] {
  return dropped.map(({ topics, messages }) => (
    <Fact key={`${name} ${topics}`} name={`Dropped of ${topics}`} title={`${name}: as its settings allow`}>
      {count(messages)}
    </Fact>
  ))
}

function spread(times: Spread | null): string {
  return times === null ? 'none in a minute' : between(brief(times.p50), brief(times.p99))
}

/** "4.1 to 12 ms": the unit once where it is the same. */
function between(low: string, high: string): string {
  const [, number, unit] = /^(.+?)(\D+)$/.exec(low) ?? []
  return `${unit !== undefined && high.endsWith(unit) ? number : low} to ${high}`
}

function spreadTitle(what: string, times: Spread | null): string | undefined {
  if (times === null) return undefined
  return `${what} ${brief(times.p50)} or less for half, ${brief(times.p99)} or less for 99 of 100, in the last minute.`
}

function waiting({ messages, bytes: held, maxBytes }: Row['queue']): string {
  return messages === 0 ? 'nothing' : `${bytes(held)} of ${bytes(maxBytes)}`
}

function room(days: number | null): string {
  if (days === null) return 'not known yet'
  if (days < 1 / 24) return 'none: the oldest goes'
  if (days > 3_650) return 'over 10 years'
  if (days > 730) return many(Math.floor(days / 365), 'year')
  return days < 2 ? age(days * day) : many(Math.floor(days), 'day')
}

function roomTitle({ logPerDay }: Row): string | undefined {
  return logPerDay === null
    ? undefined
    : `At ${bytes(logPerDay)} a day, as in the last hours. Then the oldest records go.`
}
