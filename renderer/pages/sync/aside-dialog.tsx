import { useEffect, useRef, useState } from 'react'
import type { AsideRow } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { useCall, useClock } from '../../use-core.ts'
import { bytes, count } from '../../words/number.ts'
import styles from './sync.module.css'
import { useAction } from './use-action.ts'

interface AsideDialogProps {
  readonly destination: string
  readonly past: boolean
  readonly onClose: () => void
}

const page = 50

/** What the cluster would not take: why, what it holds, and another try. */
export function AsideDialog({ destination, past, onClose }: AsideDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [limit, setLimit] = useState(page)
  const [open, setOpen] = useState<number | null>(null)
  const aside = useCall('sync.aside', { destination, after: null, limit })
  const action = useAction()
  const rows = aside.data?.rows ?? []
  const sendAgain = (of: readonly AsideRow[] | null) =>
    action.mutate(['sync.sendAgain', { destination, ...spanOf(of), asideOnly: true }])
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} className={styles.aside} aria-labelledby="aside-dialog" onClose={onClose}>
      <div className="row">
        <h2 id="aside-dialog">Set aside, {destination}</h2>
        <span className="push" />
        <Button
          disabled={past || action.isPending || (aside.data?.sendable ?? 0) === 0}
          onClick={() => sendAgain(null)}
        >
          Send all again
        </Button>
        <Button onClick={() => dialog.current?.close()}>Close</Button>
      </div>
      <p className="ink2">
        The cluster would not take these. Everything else went on. Send them again once the topic takes them, while the
        log still holds them: those that are in the log only go with it.
      </p>
      {[aside.error, action.error].map((error) => error !== null && <ErrorNote key={error.message} error={error} />)}
      {aside.data !== undefined && rows.length === 0 && <p className="ink3">Nothing is set aside any more.</p>}
      <ul className={styles.asideRows}>
        {rows.map((row) => (
          <li key={row.id}>
            <Row row={row} isOpen={open === row.id} toggle={() => setOpen(open === row.id ? null : row.id)}>
              {row.inLog && (
                <Button look="quiet" disabled={past || action.isPending} onClick={() => sendAgain([row])}>
                  Send again
                </Button>
              )}
            </Row>
          </li>
        ))}
      </ul>
      {aside.data?.more === true && (
        <Button look="quiet" onClick={() => setLimit(limit + page)}>
          Show more
        </Button>
      )}
    </dialog>
  )
}

interface RowProps {
  readonly row: AsideRow
  readonly isOpen: boolean
  readonly toggle: () => void
  readonly children: React.ReactNode
}

function Row({ row, isOpen, toggle, children }: RowProps) {
  const clock = useClock()
  return (
    <>
      <div className="row">
        <button type="button" className={styles.asideName} aria-expanded={isOpen} onClick={toggle}>
          <span className="mono">
            {count(row.offset)}:{row.index}
          </span>{' '}
          <span className="ink2">
            {row.what === 'alert' ? 'alert, ' : ''}
            {row.reason}
          </span>
        </button>
        <span className="push" />
        <span className="small ink3 num" title={clock.utc(row.time)}>
          {clock.moment(row.time)}, {keptWords(row)}
        </span>
        {children}
      </div>
      {isOpen && (row.inLog ? <Content offset={row.offset} /> : <Gone kept={row.kept} />)}
    </>
  )
}

function Gone({ kept }: Pick<AsideRow, 'kept'>) {
  return (
    <p className="ink2">
      Its record has left the log, so it cannot be sent again.
      {kept === 'topic' && ' Its dead letter holds the content, as long as that topic keeps it.'}
    </p>
  )
}

function keptWords({ kept, inLog }: AsideRow): string {
  if (!inLog) return kept === 'topic' ? 'in the dead letter topic, gone from the log' : 'gone from the log'
  return kept === 'topic' ? 'in the dead letter topic' : 'in the log only'
}

/** The message that it was read from, as it came. */
function Content({ offset }: { readonly offset: number }) {
  const record = useCall('record', { offset })
  if (record.error !== null) return <ErrorNote error={record.error} />
  if (record.data === undefined) return null
  const { text, base64, size, record: of } = record.data
  return (
    <div className={styles.asideContent}>
      <p className="label">
        {of.topic.name}, {bytes(size)}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <pre className="mono" tabIndex={0}>
        {text ?? base64}
      </pre>
    </div>
  )
}

/** Null: all. The core sends what is set aside of a span. */
function spanOf(rows: readonly AsideRow[] | null) {
  if (rows === null) return { from: 0, to: Number.MAX_SAFE_INTEGER }
  const offsets = rows.map(({ offset }) => offset)
  return { from: Math.min(...offsets), to: Math.max(...offsets) + 1 }
}
