import type { AlertDetail } from '../../../core/contract/calls.ts'
import type { Transition } from '../../../core/contract/model.ts'
import { useClock } from '../../use-core.ts'
import { count } from '../../words/number.ts'
import styles from './alerts.module.css'

/** What happened to the alert, and who did it. */
export function Journal({ detail }: { readonly detail: AlertDetail }) {
  const clock = useClock()
  return (
    <section className={styles.journal}>
      <h2>Journal</h2>
      <ol>
        {detail.journal.map((line) => (
          <li key={`${line.offset}:${line.phase}`} className="small">
            <span className="num ink2" title={clock.utc(line.time)}>
              {clock.moment(line.time)}
            </span>
            <span>
              {phases[line.phase]}
              {line.by === null ? '' : ` by ${line.by}`}
              {line.note === null ? '' : `: ${line.note}`}
            </span>
            <span className="mono ink3">{count(line.offset)}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}

const phases: Record<Transition['phase'], string> = {
  opened: 'opened',
  returned: 'back to normal',
  reopened: 'opened again',
  latched: 'back to normal',
  acknowledged: 'acknowledged',
  shelved: 'shelved',
  unshelved: 'no longer shelved',
  suppressed: 'put aside',
  unsuppressed: 'no longer put aside',
  revised: 'changed',
  marked: 'marked',
  forgotten: 'closed',
}
