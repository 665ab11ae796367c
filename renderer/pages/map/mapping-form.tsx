import { FieldError } from '../../../core/contract/errors.ts'
import { ChoiceField, TextArea, TextField } from '../../parts/field.tsx'
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

const schemas: { readonly [format: string]: readonly [label: string, help: string] } = {
  pattern: ['Pattern', 'A regular expression; its named groups are the fields: temp=(?<temp>[0-9.]+)'],
  protobuf: ['The .proto file', 'Its text; the first message in it is the one of the topic.'],
  avro: ['The schema', 'The JSON of the Avro schema.'],
}

/** Which messages, in which format, and where in them the readings are. */
export function MappingForm({ draft, change, wrong }: MappingFormProps) {
  const set = (more: Partial<Draft>) => change({ ...draft, ...more })
  const schema = schemas[draft.format]
  return (
    <form className={styles.form} aria-label="Mapping" onSubmit={(event) => event.preventDefault()}>
      <TextField
        label="Topics"
        value={draft.topics}
        wrong={saidOf(wrong, 'topics')}
        help="+ stands for one level, # for all that follow."
        onChange={(topics) => set({ topics, id: '' })}
      />
      <ChoiceField label="Format" value={draft.format} choices={formats} onChange={(format) => set({ format })} />
      {schema !== undefined && (
        <TextArea
          label={schema[0]}
          help={schema[1]}
          rows={draft.format === 'pattern' ? 3 : 10}
          value={draft.schema}
          wrong={saidOf(wrong, 'schema')}
          onChange={(text) => set({ schema: text })}
        />
      )}
      {draft.format === 'csv' && (
        <>
          <TextField
            label="Columns"
            value={draft.columns}
            help="Their names, with commas between; empty: the first line has them."
            onChange={(columns) => set({ columns })}
          />
          <ChoiceField
            label="Between two cells"
            value={draft.separator}
            choices={separators}
            onChange={(separator) => set({ separator })}
          />
        </>
      )}
      {draft.format !== 'csv' && draft.format !== 'pattern' && (
        <TextField
          label="Rows"
          value={draft.rows}
          help="Where the list of readings is, such as data.samples; empty: the message itself."
          onChange={(rows) => set({ rows })}
        />
      )}
      <TextField
        label="Device"
        value={draft.device}
        help="{2} is the second level of the topic, {machine} a field; empty: the topic."
        onChange={(device) => set({ device })}
      />
      <TextArea
        label="Signals"
        rows={4}
        value={draft.signals}
        help="One a line: flow = data.f, l/s. Empty: every field."
        onChange={(signals) => set({ signals })}
      />
      <TextField
        label="Time"
        value={draft.time}
        help="Its field; empty: when it came."
        onChange={(time) => set({ time })}
      />
      <TextField
        label="Unit"
        value={draft.unit}
        help="Of signals without their own."
        onChange={(unit) => set({ unit })}
      />
      <TextField
        label="Quality"
        value={draft.quality}
        help="A field; rows with other words than the good ones are left out."
        onChange={(quality) => set({ quality })}
      />
      {draft.quality !== '' && (
        <TextField label="Good" value={draft.good} help="Such as good, 192" onChange={(good) => set({ good })} />
      )}
    </form>
  )
}

function saidOf(error: Error | null, path: string): string | null {
  return error instanceof FieldError && (error.path ?? '').endsWith(path) ? error.message : null
}
