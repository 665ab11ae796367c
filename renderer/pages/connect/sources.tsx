import { useRef } from 'react'
import type { Config, SourceConfig, SourceRow } from '../../../core/contract/calls.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { SwitchField } from '../../parts/field.tsx'
import { useStatus } from '../../use-core.ts'
import { isHeldByDisk } from '../../words/capture.ts'
import { bytes, count, many } from '../../words/number.ts'
import { BuiltInBroker } from './built-in-broker.tsx'
import styles from './connect.module.css'
import { FollowedFiles } from './followed-files.tsx'

interface SourcesProps {
  readonly config: Config
  readonly disabled: boolean
  readonly onEdit: (source: SourceConfig) => void
  readonly onSave: (config: Config, secrets?: readonly Secret[]) => void
}

export interface Secret {
  readonly name: string
  readonly value: string
}

/** The brokers that are watched already, and the demo plant. */
export function Sources({ config, disabled, onEdit, onSave }: SourcesProps) {
  const rows = useStatus()?.sources ?? []
  const element = useRef<HTMLElement>(null)
  const remove = (name: string) => {
    onSave({ ...config, sources: config.sources.filter((source) => source.name !== name) })
    element.current?.focus() // the button goes with its row
  }
  const removeFile = (name: string) => {
    onSave({ ...config, files: config.files.filter((file) => file.name !== name) })
    element.current?.focus()
  }
  return (
    <section ref={element} className={styles.sources} tabIndex={-1} aria-label="Watched now">
      <h2>Watched now</h2>
      {config.sources.length === 0 && <p className="label">No broker of your own yet.</p>}
      {config.sources.map((source) => (
        <div key={source.name} className={styles.source}>
          <div>
            <p className="medium cut">{source.name}</p>
            <p className="label">{stateOf(rows.find((row) => row.name === source.name))}</p>
            <LeftOut row={rows.find((row) => row.name === source.name)} />
          </div>
          <Button look="quiet" disabled={disabled} onClick={() => onEdit(source)}>
            Edit
          </Button>
          <IconButton
            icon="remove"
            label={`Stop watching ${source.name}`}
            disabled={disabled}
            onClick={() => remove(source.name)}
          />
        </div>
      ))}
      <FollowedFiles config={config} disabled={disabled} onRemove={removeFile} />
      <BuiltInBroker
        config={config}
        state={config.broker.enabled ? stateOf(rows.find((row) => row.name === 'built-in')) : null}
        disabled={disabled}
        onSave={onSave}
      />
      <SwitchField
        label="Demo plant"
        help="48 simulated devices of a dairy, on a broker inside this app."
        on={config.demo}
        disabled={disabled}
        onChange={(demo) => onSave({ ...config, demo })}
      />
    </section>
  )
}

/** What came and is not kept, because a person said so, and what to know of how it runs. */
function LeftOut({ row }: { readonly row: SourceRow | undefined }) {
  if (row === undefined) return null
  const { excluded, retainedAgain } = row.leftOut
  return (
    <>
      {excluded > 0 && <p className="label">{many(excluded, 'message')} left out, as you asked</p>}
      {retainedAgain > 0 && (
        <p className="label">{many(retainedAgain, 'message')} that the broker remembered were kept already</p>
      )}
      {row.note !== null && <p className="label">{row.note}</p>}
    </>
  )
}

function stateOf(row: SourceRow | undefined): string {
  if (row === undefined) return 'starting'
  if (isHeldByDisk(row)) return `${bytes(row.queue.bytes)} wait for the disk${paused(row)}`
  if (row.error !== null) return row.error.message
  if (row.state === 'connecting') return 'connecting'
  const dropped = row.dropped.reduce((sum, { messages }) => sum + messages, 0)
  const rate = `up, MQTT ${row.version ?? '?'}, ${row.perSecond.toFixed(1)} msg/s`
  return dropped === 0 ? rate : `${rate}, ${count(dropped)} dropped as you allow`
}

function paused({ queue }: SourceRow): string {
  return queue.pausedSince === null ? '' : '; reading paused'
}
