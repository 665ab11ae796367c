import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { At, Calls, MessageRow } from '../../../core/contract/calls.ts'
import { moveRow, useKeys } from '../../keys.ts'
import { Button } from '../../parts/button.tsx'
import { Empty } from '../../parts/empty.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { Skeleton } from '../../parts/skeleton.tsx'
import { Switch } from '../../parts/switch.tsx'
import { VirtualList } from '../../parts/virtual-list.tsx'
import { useCore } from '../../use-core.ts'
import styles from './device.module.css'
import { MessageDetail } from './message-detail.tsx'
import { MessageLine } from './message-line.tsx'

interface MessagesProps {
  /** Null: of all devices. */
  readonly device: string | null
  readonly at: At
  /** Show only what could not be read, without a way to change that. */
  readonly onlyUnreadable?: boolean
}

type Page = Calls['messages']['out']

const limit = 100

/** Messages as they came, newest first. The list stays as it is until the newest are asked for. */
export function Messages({ device, at, onlyUnreadable = false }: MessagesProps) {
  const core = useCore()
  const [undecodable, setUndecodable] = useState(onlyUnreadable)
  const [picked, setPicked] = useState<MessageRow | null>(null)
  const messages = useInfiniteQuery({
    queryKey: ['message list', { device, at, undecodable }],
    queryFn: ({ pageParam, signal }) =>
      core.call('messages', { device, at, undecodable, before: pageParam, limit }, signal),
    initialPageParam: null as number | null,
    getNextPageParam: (page: Page) => (page.more ? page.next : undefined),
  })
  useKeys({ j: () => moveRow(1), k: () => moveRow(-1) })
  const rows = messages.data?.pages.flatMap((page) => page.rows) ?? []
  return (
    <div className={styles.split}>
      <div className={styles.messages}>
        <div className={styles.bar}>
          {!onlyUnreadable && <Switch label="Only what could not be read" on={undecodable} onChange={setUndecodable} />}
          <span className="push" />
          {at === null && (
            <Button icon="again" disabled={messages.isFetching} onClick={() => messages.refetch()}>
              Show the newest
            </Button>
          )}
        </div>
        {messages.error !== null && <ErrorNote error={messages.error} />}
        {messages.isPending ? (
          <Skeleton />
        ) : (
          <List rows={rows} picked={picked} onPick={setPicked} undecodable={undecodable} />
        )}
        {messages.hasNextPage && (
          <div className={styles.more}>
            <Button disabled={messages.isFetchingNextPage} onClick={() => messages.fetchNextPage()}>
              Show {limit} older
            </Button>
          </div>
        )}
      </div>
      <Scroll label="The message" className="side">
        {picked === null ? (
          <p className="small ink3">Choose a message to see it whole.</p>
        ) : (
          <MessageDetail message={picked} />
        )}
      </Scroll>
    </div>
  )
}

interface ListProps {
  readonly rows: readonly MessageRow[]
  readonly picked: MessageRow | null
  readonly undecodable: boolean
  readonly onPick: (row: MessageRow) => void
}

function List({ rows, picked, undecodable, onPick }: ListProps) {
  if (rows.length === 0)
    return (
      <Empty icon="check" title={undecodable ? 'Every message could be read' : 'No message is kept'}>
        {undecodable
          ? 'What cannot be read is kept all the same, and would stand here.'
          : 'It may be older than the log.'}
      </Empty>
    )
  return (
    <>
      <div className={`${styles.message} ${styles.heads}`} aria-hidden="true">
        <span>Time</span>
        <span>Offset</span>
        <span>Topic</span>
        <span>Message</span>
        <span>Read as</span>
      </div>
      <div style={{ flex: 1, minHeight: 0 }}>
        <VirtualList label="Messages, newest first" items={rows} keyOf={(row) => row.record.offset} heightOf={() => 30}>
          {(row) => <MessageLine row={row} picked={row.record.offset === picked?.record.offset} onPick={onPick} />}
        </VirtualList>
      </div>
    </>
  )
}
