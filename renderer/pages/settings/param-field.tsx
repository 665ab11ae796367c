import { TextField } from '../../parts/field.tsx'
import { type Param, shown } from './rule-draft.ts'
import styles from './settings.module.css'

interface ParamFieldProps {
  readonly param: Param
  readonly value: string
  readonly wrong: string | null
  readonly onChange: (value: string) => void
}

/** One parameter of a detector, as the detector declares it. */
export function ParamField({ param, value, wrong, onChange }: ParamFieldProps) {
  const { label, unit, doc } = param
  const isOwn = value.trim() !== '' && value.trim() !== defaultOf(param)
  const isSaid = unit === 'ms' || label.toLowerCase().includes(unit)
  return (
    <div className={styles.param}>
      <TextField
        label={isSaid ? label : `${label}, ${unit}`}
        help={`${doc} ${boundsOf(param)}`}
        placeholder={defaultOf(param)}
        inputMode={unit === 'ms' ? 'text' : 'decimal'}
        value={value}
        wrong={wrong}
        onChange={onChange}
      />
      {isOwn && (
        <span className={styles.changed}>
          changed
          <button type="button" aria-label={`Reset ${label}`} onClick={() => onChange('')}>
            Reset
          </button>
        </span>
      )}
    </div>
  )
}

function defaultOf({ default: value, unit }: Param): string {
  return value === null ? '' : shown(value, unit)
}

function boundsOf({ least, most, default: value, unit }: Param): string {
  const bounds = least !== null && most !== null ? `${shown(least, unit)} to ${shown(most, unit)}. ` : ''
  return `${bounds}${value === null ? 'Empty: none.' : `Empty: ${shown(value, unit)}.`}`
}
