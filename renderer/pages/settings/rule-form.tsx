import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react'
import type { DetectorInfo } from '../../../core/contract/calls.ts'
import { type Priority, priorities, type Rule } from '../../../core/contract/model.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { ChoiceField, SwitchField, TextArea, TextField } from '../../parts/field.tsx'
import { PriorityShape, priorityNames } from '../../parts/priority-mark.tsx'
import { Segmented } from '../../parts/segmented.tsx'
import { Side } from '../../parts/side.tsx'
import { useCommand } from '../../use-core.ts'
import { DeleteDialog } from './delete-dialog.tsx'
import { useKept } from './kept-draft.ts'
import { ParamField } from './param-field.tsx'
import { draftOfRule, emptyRule, type RuleDraft, toRule } from './rule-draft.ts'
import { saidOf } from './said-of.ts'
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
  useEffect(() => focusWrong(form.current, error), [error])
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
  const wrong = (path: string) => saidOf(error, path)
  const placed = ['name', 'states', 'other', 'scope', 'holdMs', 'clearMs', ...detector.params.map(({ name }) => name)]
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
          <TextField label="Name" value={draft.name} wrong={wrong('name')} onChange={(name) => change({ name })} />
          <LooksFor {...{ rule, draft, change, detector, detectors }} />
          <PriorityField value={draft.priority} onChange={(priority) => change({ priority })} />
          <ScopeFields {...{ draft, change, detector }} wrong={wrong('scope')} />
          {detector.uses.includes('other') && (
            <TextField
              label="Compared with"
              help="Another signal of the same device."
              value={draft.other}
              wrong={wrong('other')}
              onChange={(other) => change({ other })}
            />
          )}
          {detector.uses.includes('states') && (
            <TextArea
              label="States"
              help="One a line, as the signal sends them."
              rows={3}
              value={draft.states}
              wrong={wrong('states')}
              onChange={(states) => change({ states })}
            />
          )}
          {detector.params.map((param) => (
            <ParamField
              key={param.name}
              param={param}
              value={draft.params[param.name] ?? ''}
              wrong={wrong(`params.${param.name}`)}
              onChange={(value) => change({ params: { ...draft.params, [param.name]: value } })}
            />
          ))}
          {detector.about === 'signal' && (
            <>
              <TextField
                label="Must last"
                placeholder="0 s"
                help="Such as 30 s or 10 min. Empty: at once."
                value={draft.hold}
                wrong={wrong('holdMs')}
                onChange={(hold) => change({ hold })}
              />
              <TextField
                label="Clear after"
                placeholder="0 s"
                help="Back in order for so long."
                value={draft.clear}
                wrong={wrong('clearMs')}
                onChange={(clear) => change({ clear })}
              />
            </>
          )}
          <SwitchField
            label="Stays until acknowledged"
            on={draft.latch}
            disabled={past}
            onChange={(latch) => change({ latch })}
          />
          <SwitchField label="On" on={draft.enabled} disabled={past} onChange={(enabled) => change({ enabled })} />
        </fieldset>
        {error !== null && !placed.some((path) => wrong(path) !== null || wrong(`params.${path}`) !== null) && (
          <ErrorNote error={error} />
        )}
        <footer className="row">
          {past ? (
            <p className="label">You are looking at the past: nothing can be changed.</p>
          ) : (
            <>
              {rule !== null && (
                <Button look="quiet" onClick={() => setDeleting(true)}>
                  Delete…
                </Button>
              )}
              <span className="push" />
              <Button disabled={!isChanged} onClick={forget}>
                Revert
              </Button>
              <Button look="primary" type="submit" disabled={!isChanged || command.pending}>
                Save
              </Button>
            </>
          )}
        </footer>
      </form>
      {deleting && rule !== null && <DeleteDialog rule={rule} onClose={() => setDeleting(false)} onDone={done} />}
    </Side>
  )
}

function focusWrong(form: HTMLFormElement | null, error: Error | null): void {
  if (error !== null) form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
}

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
