import { type Declared, Fields } from '../../parts/fields.tsx'
import { faultOf } from '../../words/fault.ts'
import type { Draft } from './draft.ts'
import styles from './map.module.css'

interface MappingFormProps {
  readonly draft: Draft
  readonly change: (draft: Draft) => void
  /** What the core says of it. */
  readonly wrong: Error | null
}

const formats = [
  { value: 'json', label: 'JSON' },
  { value: 'csv', label: 'CSV' },
  { value: 'pattern', label: 'Lines of text' },
  { value: 'protobuf', label: 'Protobuf' },
  { value: 'avro', label: 'Avro' },
] as const

const separators = [
  { value: ',', label: 'comma' },
  { value: ';', label: 'semicolon' },
  { value: '\t', label: 'tab' },
] as const

/** Which messages, in which format, and where in them the readings are. */
export function MappingForm({ draft, change, wrong }: MappingFormProps) {
  return (
    <form className={styles.form} aria-label="Mapping" onSubmit={(event) => event.preventDefault()}>
      <Fields
        of={fieldsOf(draft)}
        draft={draft}
        change={(part) => change({ ...draft, ...part, ...(part.topics === undefined ? {} : { id: '' }) })} // another one
        wrong={(field) => faultOf(wrong, field, `mapping.${field}`)}
      />
    </form>
  )
}

function fieldsOf({ format, quality }: Draft): readonly Declared<Draft>[] {
  return [
    { text: 'topics', label: 'Topics', help: '+ stands for one level, # for all that follow.' },
    { choice: 'format', choices: formats, label: 'Format' },
    ...inFormat[format],
    {
      text: 'device',
      label: 'Device',
      help: '{2} is the second level of the topic, {machine} a field; empty: the topic.',
    },
    { text: 'signals', rows: 4, label: 'Signals', help: 'One a line: flow = data.f, l/s. Empty: every field.' },
    { text: 'time', label: 'Time', help: 'Its field; empty: when it came.' },
    { text: 'unit', label: 'Unit', help: 'Of signals without their own.' },
    {
      text: 'quality',
      label: 'Quality',
      help: 'A field; rows with other words than the good ones are left out.',
    },
    ...(quality === '' ? [] : [good]),
  ]
}

const good: Declared<Draft> = { text: 'good', label: 'Good', help: 'Such as good, 192' }

const rows: Declared<Draft> = {
  text: 'rows',
  label: 'Rows',
  help: 'Where the list of readings is, such as data.samples; empty: the message itself.',
}

const inFormat: { readonly [K in Draft['format']]: readonly Declared<Draft>[] } = {
  json: [rows],
  csv: [
    { text: 'columns', label: 'Columns', help: 'Their names, with commas between; empty: the first line has them.' },
    { choice: 'separator', choices: separators, label: 'Between two cells' },
  ],
  pattern: [
    {
      text: 'schema',
      rows: 3,
      label: 'Pattern',
      help: 'A regular expression; its named groups are the fields: temp=(?<temp>[0-9.]+)',
    },
  ],
  protobuf: [
    {
      text: 'schema',
      rows: 10,
      label: 'The .proto file',
      help: 'Its text; the first message in it is the one of the topic.',
    },
    rows,
  ],
  avro: [{ text: 'schema', rows: 10, label: 'The schema', help: 'The JSON of the Avro schema.' }, rows],
}
