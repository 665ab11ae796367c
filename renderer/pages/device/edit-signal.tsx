import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { Said, SignalRow } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ChoiceField, TextField } from '../../parts/field.tsx'
import { signalName } from '../../words/signal.ts'
import styles from './device.module.css'

interface EditSignalProps {
  readonly signal: SignalRow
  /** Those into which it could be merged. */
  readonly others: readonly SignalRow[]
  readonly pending: boolean
  readonly onClose: () => void
  /** `what`: what was done, in a sentence. */
  readonly onSave: (said: Said, what: string) => void
}

const itself = 'itself'

/** Asks how a signal is called, in what it is measured, and whether it is another one under a new name. */
export function EditSignal({ signal, others, pending, onClose, onSave }: EditSignalProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [name, setName] = useState(signal.said.name ?? '')
  const [unit, setUnit] = useState(signal.unit ?? '')
  const [into, setInto] = useState(itself)
  useEffect(() => dialog.current?.showModal(), [])
  const title = signalName(signal.signal)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const said = {
      name: name.trim() || null,
      unit: ownUnit(signal, unit.trim()),
      into: into === itself ? null : Number(into),
    }
    const other = others.find(({ series }) => series === said.into)
    onSave(said, other === undefined ? `${title} is saved.` : `${title} is part of ${shownName(other)} from now on.`)
  }
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby="edit-signal" onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id="edit-signal">Change {title}</h2>
        <TextField
          label="Name"
          help={`How it is called here. Empty: ${title}.`}
          maxLength={100}
          value={name}
          onChange={setName}
        />
        {signal.type === 'number' && (
          <TextField label="Unit" help={unitHelp(signal)} maxLength={32} value={unit} onChange={setUnit} />
        )}
        {others.length > 0 && signal.parts.length === 0 && (
          <ChoiceField
            label="Its readings count as"
            help="Choose another signal when this one is the same under a new name: one chart, and what was learned goes on."
            value={into}
            choices={[{ value: itself, label: title }, ...others.map(choiceOf)]}
            onChange={setInto}
          />
        )}
        <p className="label">The log and what is sent to Kafka keep the name {signal.signal}.</p>
        <div className="row">
          <span className="push" />
          <Button onClick={() => dialog.current?.close()}>Cancel</Button>
          <Button look="primary" type="submit" disabled={pending}>
            Save
          </Button>
        </div>
      </form>
    </dialog>
  )
}

/** What a person has to say of the unit: nothing, where the messages say the same. A guess that is left as it is becomes theirs. */
function ownUnit({ unit, unitGuessed, said }: SignalRow, typed: string): string | null {
  if (typed === '') return null
  const ofMessages = said.unit === null && !unitGuessed ? unit : null
  return typed === ofMessages ? null : typed
}

function unitHelp({ unit, unitGuessed }: SignalRow): string {
  if (!unitGuessed) return 'Empty: as its messages say, or as it is guessed.'
  return `"${unit}" is a guess from the name and the size of the values. Save to confirm it, or write another.`
}

function choiceOf(signal: SignalRow): { readonly value: string; readonly label: string } {
  return { value: String(signal.series), label: shownName(signal) }
}

/** As a person calls it, else its signal in words. */
export function shownName({ said, signal }: Pick<SignalRow, 'said' | 'signal'>): string {
  return said.name ?? signalName(signal)
}
