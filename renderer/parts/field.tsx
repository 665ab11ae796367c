import { type InputHTMLAttributes, type ReactNode, useId } from 'react'
import styles from './field.module.css'

interface FieldProps {
  readonly label: string
  /** One line: what it is, its unit, what empty means. */
  readonly help?: ReactNode
  /** What is wrong with the value; shown in place of the help. */
  readonly wrong?: string | null
}

interface TextFieldProps
  extends FieldProps,
    Omit<InputHTMLAttributes<HTMLInputElement>, 'className' | 'onChange' | 'id'> {
  readonly onChange: (text: string) => void
}

export function TextField({ label, help, wrong = null, onChange, ...rest }: TextFieldProps) {
  const id = useId()
  return (
    <Labelled id={id} label={label} help={help} wrong={wrong}>
      <input
        id={id}
        className={styles.input}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={wrong !== null}
        aria-describedby={`${id}-help`}
        onChange={(event) => onChange(event.target.value)}
        {...rest}
      />
    </Labelled>
  )
}

interface TextAreaProps extends FieldProps {
  readonly value: string
  readonly rows: number
  readonly onChange: (text: string) => void
}

export function TextArea({ label, help, wrong = null, value, rows, onChange }: TextAreaProps) {
  const id = useId()
  return (
    <Labelled id={id} label={label} help={help} wrong={wrong}>
      <textarea
        id={id}
        className={`mono ${styles.input} ${styles.area}`}
        spellCheck={false}
        rows={rows}
        value={value}
        aria-invalid={wrong !== null}
        aria-describedby={`${id}-help`}
        onChange={(event) => onChange(event.target.value)}
      />
    </Labelled>
  )
}

interface ChoiceFieldProps<T extends string> extends FieldProps {
  readonly value: T
  readonly choices: readonly { readonly value: T; readonly label: string }[]
  readonly onChange: (value: T) => void
}

export function ChoiceField<T extends string>({ label, help, value, choices, onChange }: ChoiceFieldProps<T>) {
  const id = useId()
  return (
    <Labelled id={id} label={label} help={help} wrong={null}>
      <select
        id={id}
        className={styles.input}
        value={value}
        aria-describedby={`${id}-help`}
        onChange={(event) => onChange(event.target.value as T)} // every option is one of the choices
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </Labelled>
  )
}

interface SwitchFieldProps {
  readonly label: string
  readonly help?: ReactNode
  readonly on: boolean
  readonly disabled?: boolean
  readonly onChange: (on: boolean) => void
}

export function SwitchField({ label, help, on, disabled = false, onChange }: SwitchFieldProps) {
  const id = useId()
  return (
    <div className={styles.field}>
      <div className={styles.switchRow}>
        <span id={id} className="medium">
          {label}
        </span>
        <button
          type="button"
          role="switch"
          aria-checked={on}
          aria-labelledby={id}
          disabled={disabled}
          className={styles.switch}
          onClick={() => onChange(!on)}
        />
      </div>
      {help !== undefined && <p className="label">{help}</p>}
    </div>
  )
}

interface LabelledProps extends FieldProps {
  readonly id: string
  readonly children: ReactNode
}

function Labelled({ id, label, help, wrong, children }: LabelledProps) {
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {children}
      <p id={`${id}-help`} className={wrong ? 'label p1' : 'label'}>
        {wrong || help}
      </p>
    </div>
  )
}
