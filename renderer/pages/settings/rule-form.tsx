import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react'
import type { DetectorInfo } from '../../../core/contract/calls.ts'
import { type Priority, priorities, type Rule } from '../../../core/contract/model.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { ChoiceField } from '../../parts/field.tsx'
import { type Declared, Fields, nameOf } from '../../parts/fields.tsx'
import { showFirstFault } from '../../parts/first-fault.ts'
import { PriorityShape, priorityNames } from '../../parts/priority-mark.tsx'
import { Segmented } from '../../parts/segmented.tsx'
import { Side } from '../../parts/side.tsx'
import { useCommand } from '../../use-core.ts'
import { faultOf } from '../../words/fault.ts'
import { DeleteDialog } from './delete-dialog.tsx'
import { FormFoot } from './form-foot.tsx'
import { useKept } from './kept-draft.ts'
import { ParamField } from './param-field.tsx'
import { draftOfRule, emptyRule, type RuleDraft, toRule } from './rule-draft.ts'
import { ScopeFields } from './scope-fields.tsx'
import styles from './settings.module.css'

interface RuleFormProps {
  /** Null: a new one. */
  readonly rule: Rule | null
  readonly taken: readonly string[]
  readonly detectors: readonly DetectorInfo[]
  /** Nothing can be changed. */
  readonly past: boolean
  readonly onClose: () => void
}

/** One rule, with the fields that its detector declares. What is typed stays until it is stored or reverted. */
export function RuleForm({ rule, taken, detectors, past, onClose }: RuleFormProps) {
  const ofId = (id: string) => detectors.find((each) => each.id === id)
  const saved = rule === null ? emptyRule : draftOfRule(rule, ofId(rule.detector))
  const { draft, change, isChanged, forget } = useKept<RuleDraft>(`rule-draft.${rule?.id ?? ''}`, saved)
  const detector = ofId(draft.detector)
  const command = useCommand()
  const [typed, setTyped] = useState<Error | null>(null)
  const [deleting, setDeleting] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const error = typed ?? command.error
  useEffect(() => {
    if (error !== null) showFirstFault(form.current)
  }, [error])
  if (detector === undefined) return null
  const done = () => {
    forget()
    onClose()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTyped(null)
    try {
      command.send('rule.put', toRule(draft, detector, rule, taken), done)
    } catch (error) {
      setTyped(error as Error) // toRule throws no other
    }
  }
  const wrong = (path: string) => faultOf(error, path, `value.${path}`)
  const part = { draft, change, wrong }
  const placed = [...places, ...detector.params.map(({ name }) => `params.${name}`)]
  return (
    <Side label="Rule" className={styles.panel}>
      <form ref={form} className={styles.form} noValidate onSubmit={submit} onKeyDown={saveKey}>
        <header className="row">
          <h2 className="cut">{rule?.name ?? 'New rule'}</h2>
          {rule !== null && <span className="tag">version {rule.version}</span>}
          {!rule?.enabled && rule !== null && <span className="tag">off</span>}
          <span className="push" />
          <IconButton icon="close" label="Close" onClick={onClose} />
        </header>
        <fieldset className={styles.fields} disabled={past}>
          <Fields of={named} {...part} />
          <LooksFor {...{ rule, draft, change, detector, detectors }} />
          <PriorityField value={draft.priority} onChange={(priority) => change({ priority })} />
          <ScopeFields {...{ draft, change, detector, wrong }} />
          <Fields of={detector.uses.map((use) => used[use])} {...part} />
          {detector.params.map((param) => (
            <ParamField
              key={param.name}
              param={param}
              value={draft.params[param.name] ?? ''}
              wrong={wrong(`params.${param.name}`)}
              onChange={(value) => change({ params: { ...draft.params, [param.name]: value } })}
            />
          ))}
          <Fields of={detector.about === 'signal' ? [...delays, ...switches] : switches} {...part} />
        </fieldset>
        {error !== null && !placed.some((path) => wrong(path) !== null) && <ErrorNote error={error} />}
        <FormFoot past={past} isChanged={isChanged} pending={command.pending} onRevert={forget}>
          {rule !== null && (
            <Button look="quiet" onClick={() => setDeleting(true)}>
              Delete…
            </Button>
          )}
          <span className="push" />
        </FormFoot>
      </form>
      {deleting && rule !== null && <DeleteDialog rule={rule} onClose={() => setDeleting(false)} onDone={done} />}
    </Side>
  )
}

const named: readonly Declared<RuleDraft>[] = [{ text: 'name', label: 'Name' }]

const used: Readonly<Record<DetectorInfo['uses'][number], Declared<RuleDraft>>> = {
  other: { text: 'other', label: 'Compared with', help: 'Another signal of the same device.' },
  states: { text: 'states', label: 'States', help: 'One a line, as the signal sends them.', rows: 3 },
}

const delays: readonly Declared<RuleDraft>[] = [
  {
    text: 'hold',
    named: 'holdMs',
    label: 'Must last',
    placeholder: '0 s',
    help: 'Such as 30 s or 10 min. Empty: at once.',
  },
  { text: 'clear', named: 'clearMs', label: 'Clear after', placeholder: '0 s', help: 'Back in order for so long.' },
]

const switches: readonly Declared<RuleDraft>[] = [
  { on: 'latch', label: 'Stays until acknowledged' },
  { on: 'enabled', label: 'On' },
]

/** Of fields that rules of any detector may have. */
const places = [...[...named, ...Object.values(used), ...delays].map(nameOf), 'scope.device', 'scope.signal']

/** Ctrl S, also while typing. */
function saveKey(event: KeyboardEvent<HTMLFormElement>): void {
  if (event.key.toLowerCase() !== 's' || !(event.ctrlKey || event.metaKey)) return
  event.preventDefault()
  event.currentTarget.requestSubmit()
}

interface LooksForProps {
  readonly rule: Rule | null
  readonly draft: RuleDraft
  readonly change: (part: Partial<RuleDraft>) => void
  readonly detector: DetectorInfo
  readonly detectors: readonly DetectorInfo[]
}

/** What a rule looks for is said once: with another detector it is another rule. */
function LooksFor({ rule, draft, change, detector, detectors }: LooksForProps) {
  if (rule !== null) return <p className="label">{detector.doc}</p>
  const choices = detectors
    .filter(({ about }) => about !== 'source')
    .map(({ id, looksFor }) => ({ value: id, label: looksFor }))
  return (
    <ChoiceField
      label="Looks for"
      help={detector.doc}
      value={draft.detector}
      choices={choices}
      onChange={(id) => change({ detector: id, params: {} })}
    />
  )
}

interface PriorityFieldProps {
  readonly value: Priority
  readonly onChange: (value: Priority) => void
}

function PriorityField({ value, onChange }: PriorityFieldProps) {
  return (
    <div className={styles.priority}>
      <span className="small medium">Priority</span>
      <Segmented
        label="Priority"
        value={String(value)}
        choices={priorities.map((each) => ({
          value: String(each),
          label: priorityNames[each],
          mark: <PriorityShape priority={each} />,
        }))}
        onChange={(chosen) => onChange(Number(chosen) as Priority)} // each choice is one
      />
    </div>
  )
}
