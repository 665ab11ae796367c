import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { Config, FileConfig } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { type Declared, Fields } from '../../parts/fields.tsx'
import { useCore } from '../../use-core.ts'
import styles from './connect.module.css'

interface FollowFileProps {
  readonly config: Config
  readonly onClose: () => void
}

type Draft = { readonly [K in keyof FileConfig]: string }

const empty: Draft = { name: '', path: '', topic: '', pattern: '', device: '', time: '' }

/** Asks which log file to follow, and how its lines are read. */
export function FollowFile({ config, onClose }: FollowFileProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [draft, setDraft] = useState(empty)
  const save = useFollow(() => dialog.current?.close())
  useEffect(() => dialog.current?.showModal(), [])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate({ ...config, files: [...config.files, toFile(draft)] })
  }
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby="follow-file" onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id="follow-file">Follow a log file</h2>
        <Fields of={fields} draft={draft} change={(part) => setDraft({ ...draft, ...part })} />
        {save.error !== null && <ErrorNote error={save.error} />}
        <div className="row">
          <span className="push" />
          <Button onClick={() => dialog.current?.close()}>Cancel</Button>
          <Button look="primary" type="submit" disabled={save.isPending}>
            Follow it
          </Button>
        </div>
      </form>
    </dialog>
  )
}

const fields: readonly Declared<Draft>[] = [
  { text: 'path', label: 'File', help: 'Its path on this machine. It is followed as it grows.', required: true },
  { text: 'topic', label: 'Topic', help: 'Under which its lines are kept, such as logs/gate.', required: true },
  {
    text: 'pattern',
    label: 'Pattern',
    help: 'Its named groups are the signals: gate=(?<gate>\\w+) took (?<ms>\\d+). Empty: a line is read as any message.',
  },
  { text: 'device', label: 'Device', help: 'May name a group: gate {gate}. Empty: the topic.' },
  { text: 'time', label: 'Time', help: 'The group that holds it. Empty: when the line was read.' },
  { text: 'name', label: 'Name', help: 'How this app calls it. Empty: the file.' },
]

function toFile(draft: Draft): FileConfig {
  const path = draft.path.trim()
  const orNull = (text: string) => (text.trim() === '' ? null : text.trim())
  return {
    name: orNull(draft.name) ?? path.split(/[\\/]/).at(-1)!,
    path,
    topic: draft.topic.trim(),
    pattern: orNull(draft.pattern),
    device: orNull(draft.device),
    time: orNull(draft.time),
  }
}

function useFollow(done: () => void) {
  const core = useCore()
  const client = useQueryClient()
  return useMutation<Config, Error, Config>({
    mutationFn: (config) => core.call('config.put', { config, secrets: [] }),
    onSuccess: async () => {
      await client.invalidateQueries()
      done()
    },
  })
}
