import { useKeys } from '../../keys.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { Skeleton } from '../../parts/skeleton.tsx'
import { go, type Route } from '../../route.ts'
import { useCall } from '../../use-core.ts'
import { RuleForm } from './rule-form.tsx'
import { RuleTable } from './rule-table.tsx'
import styles from './settings.module.css'

/** What counts as abnormal: the rules that hold, what came of each, and one of them to be changed. */
export function RulesSection({ route }: { readonly route: Extract<Route, { page: 'settings' }> }) {
  const { at, id, section } = route
  const rules = useCall('rules', { at })
  const uses = useCall('rules.use', { at }).data ?? []
  const detectors = useCall('detectors', {}).data
  const list = () => go({ ...route, section: 'rules', id: null })
  const add = () => at === null && go({ ...route, section: 'new', id: null })
  useKeys({ n: add, Escape: list })
  if (rules.error !== null) return <ErrorNote error={rules.error} />
  if (rules.data === undefined || detectors === undefined) return <Skeleton rows={8} />
  const chosen = rules.data.find((rule) => rule.id === id) ?? null
  const isOpen = section === 'new' || chosen !== null
  return (
    <div className={isOpen ? `${styles.section} ${styles.open}` : styles.section}>
      <div className={styles.list}>
        <PageHead title="Rules" sentence="What counts as abnormal. Past alerts keep the settings of their day.">
          <Button icon="plus" hint="N" disabled={at !== null} onClick={add}>
            New rule
          </Button>
        </PageHead>
        {id !== null && chosen === null && (
          <p className={styles.none} role="status">
            There is no rule “{id}”{at !== null && ' at that time'}. Choose one from the list.
          </p>
        )}
        <Scroll label="Rules" className={styles.scroll}>
          <RuleTable rules={rules.data} uses={uses} detectors={detectors} route={route} />
        </Scroll>
      </div>
      {isOpen && (
        <RuleForm
          key={`${chosen?.id ?? ''} ${at ?? ''}`}
          rule={chosen}
          taken={rules.data.map((rule) => rule.id)}
          detectors={detectors}
          past={at !== null}
          onClose={list}
        />
      )}
    </div>
  )
}
