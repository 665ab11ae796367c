import type { Config, SourceRow } from '../../../core/contract/calls.ts'
import { IconButton } from '../../parts/button.tsx'
import { useStatus } from '../../use-core.ts'
import styles from './connect.module.css'

interface FollowedFilesProps {
  readonly config: Config
  readonly disabled: boolean
  readonly onRemove: (name: string) => void
}

/** The log files that are followed; the configuration file says which. */
export function FollowedFiles({ config, disabled, onRemove }: FollowedFilesProps) {
  const rows = useStatus()?.sources ?? []
  return config.files.map(({ name, path }) => (
    <div key={name} className={styles.source}>
      <div>
        <p className="medium cut">{name}</p>
        <p className="label">{stateOf(rows.find((row) => row.name === name))}</p>
        <p className="label mono cut">{path}</p>
      </div>
      <IconButton icon="remove" label={`Stop following ${name}`} disabled={disabled} onClick={() => onRemove(name)} />
    </div>
  ))
}

function stateOf(row: SourceRow | undefined): string {
  if (row === undefined) return 'starting'
  return row.error === null ? `followed, ${row.perSecond.toFixed(1)} lines/s` : row.error.message
}
