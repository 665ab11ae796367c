import type { InputHTMLAttributes, ReactNode } from 'react'
import { ChoiceField, SwitchField, TextArea, TextField } from './field.tsx'

/** A field of a form, and the part of the draft that it holds: a text, one of some choices, or whether something is on. */
export type Declared<Draft> = Text<Draft> | Choice<Draft> | Switch<Draft>

interface Words {
  readonly label: string
  readonly help?: ReactNode
}

interface Text<Draft> extends Words, Pick<InputHTMLAttributes<HTMLInputElement>, InputKey> {
  readonly text: KeyOf<Draft, string>
  /** As the core names it, where that is not its name in the draft. */
  readonly named?: string
  /** More than one line. */
  readonly rows?: number
}
type InputKey = 'type' | 'inputMode' | 'placeholder' | 'required' | 'readOnly' | 'min' | 'max'

type Choice<Draft> = Words &
  {
    [K in KeyOf<Draft, string>]: {
      readonly choice: K
      readonly choices: readonly { readonly value: Draft[K] & string; readonly label: string }[]
    }
  }[KeyOf<Draft, string>]

interface Switch<Draft> extends Words {
  readonly on: KeyOf<Draft, boolean>
}

type KeyOf<Draft, Value> = { [K in keyof Draft]-?: Draft[K] extends Value ? K : never }[keyof Draft] & string

export interface DraftProps<Draft> {
  readonly draft: Draft
  readonly change: (part: Partial<Draft>) => void
  /** What the core said of a field; null: nothing. */
  readonly wrong?: (field: string) => string | null
}

interface FieldsProps<Draft> extends DraftProps<Draft> {
  readonly of: readonly Declared<Draft>[]
}

/** Fields of a draft, one below the other, each with what is wrong with it. */
export function Fields<Draft>({ of, ...props }: FieldsProps<Draft>) {
  return of.map((field) => <Field key={keyOf(field)} field={field} {...props} />)
}

function Field<Draft>({ field, draft, change, wrong }: DraftProps<Draft> & { readonly field: Declared<Draft> }) {
  const key = keyOf(field)
  const value = draft[key]
  const onChange = (next: string | boolean) => change({ [key]: next } as Partial<Draft>) // the declaration fits the draft
  if ('on' in field) {
    const { on: _, ...words } = field
    return <SwitchField {...words} on={value as boolean} onChange={onChange} />
  }
  if ('choice' in field) {
    const { choice: _, ...words } = field
    return <ChoiceField<string> {...words} value={value as string} onChange={onChange} />
  }
  const { text: _, named: __, rows, ...rest } = field
  const held = { value: value as string, wrong: wrong?.(nameOf(field)) ?? null, onChange }
  if (rows === undefined) return <TextField {...rest} {...held} />
  return <TextArea label={rest.label} help={rest.help} rows={rows} {...held} />
}

/** Its part of the draft. */
export function keyOf<Draft>(field: Declared<Draft>): keyof Draft & string {
  if ('on' in field) return field.on
  return 'choice' in field ? field.choice : field.text
}

/** As the core names it. */
export function nameOf<Draft>(field: Declared<Draft>): string {
  return ('text' in field ? field.named : undefined) ?? keyOf(field)
}
