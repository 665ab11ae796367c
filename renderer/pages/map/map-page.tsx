import { useState } from 'react'
import type { Mapping } from '../../../core/contract/model.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { go, type Route } from '../../route.ts'
import { useCall, useCommand } from '../../use-core.ts'
import { type Draft, draftFor, draftOf, toMapping } from './draft.ts'
import styles from './map.module.css'
import { MappingForm } from './mapping-form.tsx'
import { Mappings } from './mappings.tsx'
import { Preview } from './preview.tsx'

/** From then on it counts for new messages only. */
const fromNow = Number.MAX_SAFE_INTEGER

/** How messages that nobody understands are to be read: the form, and what would come of it, as it is typed. */
export default function MapPage({ route }: { readonly route: Extract<Route, { page: 'map' }> }) {
  const [draft, setDraft] = useState<Draft>(() => draftFor(route.topic))
  const mapping = toMapping(draft, fromNow)
  const preview = useCall('mapping.preview', { mapping, limit: 5 }, { enabled: draft.topics !== '' })
  const mappings = useCall('mappings', { at: route.at })
  const command = useCommand()
  const past = route.at !== null
  const put = (from: number) =>
    command.send('mapping.put', toMapping(draft, from), () => go({ page: 'devices', show: 'all', at: null }))
  const ready = !past && !command.pending && preview.error === null && draft.topics !== ''
  return (
    <div className={styles.page}>
      <PageHead title="Map messages" sentence="Say how to read them; to the right is what comes of it.">
        <Button
          disabled={!ready}
          onClick={() => put(0)}
          title="What is kept is read again; that takes a while, and what comes is watched meanwhile"
        >
          Read also what is kept
        </Button>
        <Button look="primary" disabled={!ready} onClick={() => put(fromNow)}>
          Read from now on
        </Button>
      </PageHead>
      {command.error !== null && <ErrorNote error={command.error} />}
      <div className={styles.columns}>
        <div className={styles.left}>
          <MappingForm draft={draft} change={setDraft} wrong={preview.error} />
          <Mappings
            mappings={mappings.data ?? []}
            disabled={past || command.pending}
            onEdit={(chosen: Mapping) => setDraft(draftOf(chosen))}
            onRemove={(id) => command.send('mapping.delete', { id })}
          />
        </div>
        <Preview
          rows={preview.data ?? []}
          error={preview.error}
          pending={preview.isPending}
          asked={draft.topics !== ''}
        />
      </div>
    </div>
  )
}
