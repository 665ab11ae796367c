import { useState } from 'react'
import type { Config, SourceRow } from '../../../core/contract/calls.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import { useStatus } from '../../use-core.ts'
import styles from './connect.module.css'
import { FollowFile } from './follow-file.tsx'

interface FollowedFilesProps {
  readonly config: Config
  readonly disabled: boolean
  readonly onRemove: (name: string) => void
}

/** The log files that are followed, and one more. */
export function FollowedFiles({ config, disabled, onRemove }: FollowedFilesProps) {
  const rows = useStatus()?.sources ?? []
  const [adding, setAdding] = useState(false)
  const files = config.files.map(({ name, path }) => (
    <div key={name} className={styles.source}>
      <div>
        <p className="medium cut">{name}</p>
        <p className="label">{stateOf(rows.find((row) => row.name === name))}</p>
        <p className="label mono cut">{path}</p>
      </div>
      <IconButton icon="remove" label={`Stop following ${name}`} disabled={disabled} onClick={() => onRemove(name)} />
    </div>
  ))
  return (
    <>
      {files}
      <div className={styles.addFile}>
        <Button disabled={disabled} onClick={() => setAdding(true)}>
          Follow a log file…
        </Button>
      </div>
      {adding && <FollowFile config={config} onClose={() => setAdding(false)} />}
    </>
  )
}

function stateOf(row: SourceRow | undefined): string {
  if (row === undefined) return 'starting'
  return row.error === null ? `followed, ${row.perSecond.toFixed(1)} lines/s` : row.error.message
}
