import type { DetectorInfo, RuleUse } from '../../../core/contract/calls.ts'
import type { Rule } from '../../../core/contract/model.ts'
import { PriorityShape } from '../../parts/priority-mark.tsx'
import { formatRoute, type Route } from '../../route.ts'
import { count, percent } from '../../words/number.ts'
import styles from './settings.module.css'

interface RuleTableProps {
  readonly rules: readonly Rule[]
  readonly uses: readonly RuleUse[]
  readonly detectors: readonly DetectorInfo[]
  readonly route: Extract<Route, { page: 'settings' }>
}

/** The most urgent first, as they are called; and what came of each in seven days. */
export function RuleTable({ rules, uses, detectors, route }: RuleTableProps) {
  const order = rules.toSorted((a, b) => a.priority - b.priority || a.name.localeCompare(b.name))
  return (
    <table className={styles.rules}>
      <thead>
        <tr>
          <th>Rule</th>
          <th>Looks for</th>
          <th className={styles.scope}>Applies to</th>
          <th className={`right ${styles.figure}`} title="Alerts in the last seven days">
            7 d
          </th>
          <th className={`right ${styles.figure}`} title="Of the alerts that were marked">
            Useful
          </th>
          <th className={styles.state}>State</th>
        </tr>
      </thead>
      <tbody>
        {order.map((rule) => (
          <tr key={rule.id} className={rule.id === route.id ? styles.chosen : undefined}>
            <td>
              <a
                className={styles.rule}
                href={formatRoute({ ...route, section: 'rules', id: rule.id })}
                data-row={rule.id}
                aria-current={rule.id === route.id ? 'true' : undefined}
              >
                <PriorityShape priority={rule.priority} />
                <span className="cut medium">{rule.name}</span>
              </a>
            </td>
            <td className="ink2">{detectors.find(({ id }) => id === rule.detector)?.looksFor ?? rule.detector}</td>
            <td className={`ink2 ${styles.scope}`}>{scopeWords(rule)}</td>
            <UseCells use={uses.find((use) => use.rule === rule.id)} />
            <td className="ink2">{rule.enabled ? 'on' : 'off'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function UseCells({ use }: { readonly use: RuleUse | undefined }) {
  const { alerts = 0, marked = 0, useful = 0 } = use ?? {}
  return (
    <>
      <td className="right num">{count(alerts)}</td>
      <td className="right num ink2" title={`${count(useful)} of ${count(marked)} that were marked`}>
        {marked === 0 ? '–' : percent(useful / marked)}
      </td>
    </>
  )
}

function scopeWords({ scope: { device, signal }, other }: Rule): string {
  const of = device === '*' ? 'all' : device
  const what = signal === '*' ? of : device === '*' ? signal : `${signal} of ${device}`
  return other === undefined ? what : `${what}, ${other}`
}
