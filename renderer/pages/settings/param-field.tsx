import { TextField } from '../../parts/field.tsx'
import { OwnValue } from './own-value.tsx'
import { type Param, shown } from './rule-draft.ts'

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
    <OwnValue label={label} isOwn={isOwn} onReset={() => onChange('')}>
      <TextField
        label={isSaid ? label : `${label}, ${unit}`}
        help={`${doc} ${boundsOf(param)}`}
        placeholder={defaultOf(param)}
        inputMode={unit === 'ms' ? 'text' : 'decimal'}
        value={value}
        wrong={wrong}
        onChange={onChange}
      />
    </OwnValue>
  )
}

function defaultOf({ default: value, unit }: Param): string {
  return value === null ? '' : shown(value, unit)
}

function boundsOf({ least, most, default: value, unit }: Param): string {
  const bounds = least !== null && most !== null ? `${shown(least, unit)} to ${shown(most, unit)}. ` : ''
  return `${bounds}${value === null ? 'Empty: none.' : `Empty: ${shown(value, unit)}.`}`
}
