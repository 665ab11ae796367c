import type { DestinationRow, Proof, SyncJob } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { useCall, useClock } from '../../use-core.ts'
import { count, many, percent } from '../../words/number.ts'
import { Grant } from './grant.tsx'
import styles from './sync.module.css'
import { useAction } from './use-action.ts'

const shown = 6

/** What was compared with the topics, record by record, and what was sent again. */
export function Proofs({ rows, past }: { readonly rows: readonly DestinationRow[]; readonly past: boolean }) {
  const jobs = useCall('sync.jobs', { limit: shown })
  const action = useAction()
  const busy = (name: string) => jobs.data?.some((job) => job.destination === name && job.state === 'running') === true
  return (
    <section>
      <h2>Is everything there once?</h2>
      <p className="label">
        Reads the topics as any receiver does, and compares each record with the log. It takes a while for large topics.
      </p>
      {rows.map(({ name, acked }) => (
        <div key={name} className={`row ${styles.check}`}>
          <span className="small cut">{name}</span>
          <span className="push" />
          <Button
            disabled={past || action.isPending || acked === 0 || busy(name)}
            aria-label={`Check ${name}`}
            onClick={() => action.mutate(['sync.check', { destination: name, from: null, to: null }])}
          >
            Check
          </Button>
        </div>
      ))}
      {action.error !== null && <ErrorNote error={action.error} />}
      {jobs.data?.map((job) => (
        <Job
          key={job.id}
          job={job}
          past={past}
          paused={rows.find(({ name }) => name === job.destination)?.state === 'paused'}
        />
      ))}
    </section>
  )
}

interface JobProps {
  readonly job: SyncJob
  readonly past: boolean
  readonly paused: boolean
}

function Job({ job, past, paused }: JobProps) {
  const clock = useClock()
  const action = useAction()
  return (
    <div className={styles.job}>
      <div className="row small">
        <span className="medium cut">
          {titleOf(job)}, {job.destination}
        </span>
        <span className="push" />
        <span className="num ink2" title={clock.utc(job.started)}>
          {clock.moment(job.started)}
        </span>
      </div>
      <p className="small num">{stateOf(job, paused)}</p>
      {job.state === 'running' && (
        <div className="row">
          <progress className={styles.progress} value={job.done} aria-label={`Progress of ${job.id}`} />
          <Button
            look="quiet"
            disabled={past || action.isPending}
            onClick={() => action.mutate(['sync.cancel', { id: job.id }])}
          >
            Cancel
          </Button>
        </div>
      )}
      {job.error !== null && (
        <p className="small p2">
          {job.error.message}. {job.error.hint}
        </p>
      )}
      {job.error !== null && job.error.grant !== null && <Grant lines={job.error.grant} />}
      {job.proof !== null && <Figures proof={job.proof} />}
    </div>
  )
}

function titleOf({ kind, asideOnly, state }: SyncJob): string {
  const running = state === 'running'
  if (kind === 'check') return running ? 'Checking' : 'Checked'
  return `${running ? 'Sending' : 'Sent'} ${asideOnly ? 'what was set aside' : 'again'}`
}

function stateOf(job: SyncJob, paused: boolean): string {
  const offsets = `offsets ${count(job.from)} to ${count(job.to - 1)}`
  if (job.state === 'running' && paused && job.kind === 'send')
    return `Waits until ${job.destination} is resumed; ${offsets}`
  if (job.state === 'running') return `${percent(job.done)} of ${offsets}${job.error === null ? '' : ', waits'}`
  if (job.state === 'failed') return `Stopped at ${count(job.next)} of ${offsets}`
  const sent = job.kind === 'send' ? `${many(job.records, 'record')}, ` : ''
  if (job.state === 'cancelled') return `Cancelled; ${sent}${offsets}`
  if (job.proof === null) return `${many(job.records, 'record')}, ${offsets}`
  const { missing, twice, outOfOrder, unknown } = job.proof
  const others = [outOfOrder > 0 && `${count(outOfOrder)} out of order`, unknown > 0 && `${count(unknown)} unknown`]
  return [`${count(missing)} missing`, `${count(twice)} twice`, ...others.filter((part) => part !== false)].join(', ')
}

const figures = [
  ['expected', 'By the log'],
  ['arrived', 'There'],
  ['missing', 'Missing'],
  ['twice', 'Twice'],
  ['outOfOrder', 'Out of order'],
  ['unknown', 'Not in the log'],
  ['setAside', 'Set aside'],
  ['deleted', 'Deleted there since'],
  ['sentAgain', 'Copies sent again'],
  ['maybeTwice', 'Marked as maybe twice'],
  ['others', 'Of other destinations'],
] as const

function Figures({ proof }: { readonly proof: Proof }) {
  const rows = figures.filter(([key], i) => i < 4 || proof[key] > 0)
  return (
    <details className="small">
      <summary>{many(proof.expected, 'record')} compared</summary>
      <table>
        <tbody>
          {rows.map(([key, words]) => (
            <tr key={key}>
              <th scope="row">{words}</th>
              <td className="right num">{count(proof[key])}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {proof.differences.length > 0 && (
        <ul className={styles.differences} aria-label="The first that differ">
          {proof.differences.slice(0, 20).map(({ offset, index, what }, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: one record may differ more than once; the list never changes
            <li key={i} className="mono">
              {count(offset)}:{index} {what}
            </li>
          ))}
        </ul>
      )}
    </details>
  )
}
