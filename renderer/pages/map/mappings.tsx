import type { Mapping } from '../../../core/contract/model.ts'
import { Button, IconButton } from '../../parts/button.tsx'
import styles from './map.module.css'

interface MappingsProps {
  readonly mappings: readonly Mapping[]
  readonly disabled: boolean
  readonly onEdit: (mapping: Mapping) => void
  readonly onRemove: (id: string) => void
}

/** The mappings that count now; of two for one topic the lower one. */
export function Mappings({ mappings, disabled, onEdit, onRemove }: MappingsProps) {
  if (mappings.length === 0) return null
  return (
    <section className={styles.form} aria-label="Mappings">
      <h2>Mappings</h2>
      {mappings.map((mapping) => (
        <div key={mapping.id} className={styles.mapping}>
          <span className="mono cut">{mapping.topics}</span>
          <span className="label">{mapping.format}</span>
          <Button look="quiet" disabled={disabled} onClick={() => onEdit(mapping)}>
            Edit
          </Button>
          <IconButton
            icon="remove"
            label={`Remove the mapping of ${mapping.topics}`}
            disabled={disabled}
            onClick={() => onRemove(mapping.id)}
          />
        </div>
      ))}
    </section>
  )
}
