import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useEffect, useRef } from 'react'
import type { Config } from '../../../core/contract/calls.ts'
import { ErrorNote } from '../../parts/error-note.tsx'
import { TextField } from '../../parts/field.tsx'
import { showFirstFault } from '../../parts/first-fault.ts'
import { PageHead } from '../../parts/page-head.tsx'
import { Skeleton } from '../../parts/skeleton.tsx'
import { useCall, useClock, useCore } from '../../use-core.ts'
import { faultOf } from '../../words/fault.ts'
import { FormFoot } from './form-foot.tsx'
import { useKept } from './kept-draft.ts'
import { OwnValue } from './own-value.tsx'
import styles from './settings.module.css'

const fields = ['site', 'zone', 'shifts'] as const
type Field = (typeof fields)[number]
type Draft = Readonly<Record<Field, string>>
const labels: Draft = { site: 'Name', zone: 'Time zone', shifts: 'Shifts change at' }

/** What the plant is called and by which clock it lives; help, default and bounds are those of the settings. */
export function PlantSection({ past }: { readonly past: boolean }) {
  const config = useCall('config', {})
  const schema = useCall('config.schema', {})
  const error = config.error ?? schema.error
  if (error !== null) return <ErrorNote error={error} />
  if (config.data === undefined || schema.data === undefined) return <Skeleton rows={3} />
  return <PlantForm config={config.data} schema={schema.data} past={past} />
}

interface PlantFormProps {
  readonly config: Config
  readonly schema: { readonly [key: string]: unknown }
  readonly past: boolean
}

function PlantForm({ config, schema, past }: PlantFormProps) {
  const { draft, change, isChanged, forget } = useKept<Draft>('plant-draft', draftOf(config))
  const put = useConfig(forget)
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (put.error !== null) showFirstFault(form.current)
  }, [put.error])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    put.mutate({ ...config, ...toConfig(draft) })
  }
  const wrong = (field: Field) => faultOf(put.error, `config.${field}`)
  return (
    <div className={styles.list}>
      <PageHead title="Plant" sentence="Times are shown, and daily rhythm is learned, by this clock." />
      <form ref={form} className={styles.plant} noValidate onSubmit={submit}>
        <fieldset className={styles.fields} disabled={past}>
          {fields.map((field) => (
            <SettingField
              key={field}
              label={labels[field]}
              about={aboutOf(schema, field)}
              {...(field === 'zone' ? { list: 'zones' } : {})}
              value={draft[field]}
              wrong={wrong(field)}
              onChange={(text) => change({ [field]: text })}
            />
          ))}
          <datalist id="zones">
            {zones.map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
          <Now zone={config.zone} />
        </fieldset>
        {put.error !== null && !fields.some((field) => wrong(field) !== null) && <ErrorNote error={put.error} />}
        <FormFoot past={past} isChanged={isChanged} pending={put.isPending} onRevert={forget} />
      </form>
    </div>
  )
}

const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')]

function Now({ zone }: { readonly zone: string }) {
  const clock = useClock()
  return (
    <p className="label">
      By the clock of {zone} it is {clock.minute(Date.now())} now. Another zone counts from now on, also for times of
      devices that name none.
    </p>
  )
}

interface SettingFieldProps {
  readonly label: string
  readonly about: About
  readonly list?: string
  readonly value: string
  readonly wrong: string | null
  readonly onChange: (text: string) => void
}

function SettingField({ label, about, value, onChange, ...rest }: SettingFieldProps) {
  return (
    <OwnValue label={label} isOwn={value !== about.default} onReset={() => onChange(about.default)}>
      <TextField label={label} help={about.help} value={value} onChange={onChange} {...rest} />
    </OwnValue>
  )
}

interface About {
  readonly help: string
  readonly default: string
}

function aboutOf(schema: PlantFormProps['schema'], field: Field): About {
  const properties = schema.properties as Record<string, { description: string; default: unknown }> // of JSON Schema
  const { description, default: value } = properties[field]!
  return { help: description, default: textOf(value as Config[Field]) }
}

function draftOf(config: Config): Draft {
  return { site: config.site, zone: config.zone, shifts: textOf(config.shifts) }
}

function textOf(value: Config[Field]): string {
  return typeof value === 'string' ? value : value.join(', ')
}

function toConfig({ site, zone, shifts }: Draft): Pick<Config, Field> {
  const times = shifts.split(',').map((time) => time.trim())
  return { site: site.trim(), zone: zone.trim(), shifts: times.filter((time) => time !== '') }
}

function useConfig(stored: () => void) {
  const core = useCore()
  const client = useQueryClient()
  return useMutation<Config, Error, Config>({
    mutationFn: (config) => core.call('config.put', { config, secrets: [] }),
    onSuccess: (config) => {
      client.setQueryData(['config', {}], config)
      stored()
    },
  })
}
