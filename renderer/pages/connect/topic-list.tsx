import { useMemo, useState } from 'react'
import type { ProbeResult } from '../../../core/contract/calls.ts'
import { Icon } from '../../parts/icon.tsx'
import { count } from '../../words/number.ts'
import styles from './connect.module.css'
import { type Level, openRows, topicTree } from './topic-tree.ts'

type Heard = ProbeResult['topics'][number]
const mostRows = 500

/** The topics heard, as a tree, and the newest message of the one that is chosen. */
export function TopicList({ topics }: { readonly topics: readonly Heard[] }) {
  const tree = useMemo(() => topicTree(topics), [topics])
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const [chosen, setChosen] = useState<string | null>(null)
  const rows = openRows(tree, closed)
  const sample = topics.find((topic) => topic.name === chosen) ?? topics[0]
  const press = (level: Level) => {
    if (level.heard !== null) setChosen(level.path)
    if (level.children.length > 0) setClosed(toggled(closed, level.path))
  }
  return (
    <section className={styles.heard} aria-label="What it sends">
      <div className={styles.heardHead}>
        <span>{count(topics.length)} topics heard</span>
        <span className="right">messages</span>
        <span className="right">topics</span>
      </div>
      <ul className={styles.tree}>
        {rows.slice(0, mostRows).map((level) => (
          <li key={level.path}>
            <TreeRow
              level={level}
              open={!closed.has(level.path)}
              chosen={level.path === sample?.name}
              onPress={press}
            />
          </li>
        ))}
      </ul>
      {rows.length > mostRows && (
        <p className="label">{count(rows.length - mostRows)} more rows; close a level to see them.</p>
      )}
      {sample !== undefined && <Sample topic={sample} />}
    </section>
  )
}

interface TreeRowProps {
  readonly level: Level
  readonly open: boolean
  readonly chosen: boolean
  readonly onPress: (level: Level) => void
}

function TreeRow({ level, open, chosen, onPress }: TreeRowProps) {
  const folder = level.children.length > 0
  return (
    <button
      type="button"
      className={styles.treeRow}
      aria-expanded={folder ? open : undefined}
      aria-current={chosen ? 'true' : undefined}
      onClick={() => onPress(level)}
    >
      <span className="mono cut" style={{ paddingLeft: 14 * level.depth }}>
        {folder ? <Icon name={open ? 'down' : 'right'} size={12} /> : <i className={styles.leaf} />}{' '}
        {level.name || '(empty)'}
      </span>
      <span className="right num ink2">{count(level.messages)}</span>
      <span className="right num ink3">{count(level.topics)}</span>
    </button>
  )
}

function Sample({ topic }: { readonly topic: Heard }) {
  return (
    <div className={`card ${styles.sample}`}>
      <p className="mono cut">{topic.name}</p>
      <pre className="mono">{topic.text ?? 'not text'}</pre>
      <p className="label">
        {topic.undecodable === null
          ? `Read as ${topic.readings.map((reading) => reading.signal).join(', ')}.`
          : `Cannot be read (${topic.undecodable.replaceAll('_', ' ')}). It is kept in the log all the same.`}
      </p>
    </div>
  )
}

function toggled(set: ReadonlySet<string>, item: string): ReadonlySet<string> {
  const next = new Set(set)
  if (!next.delete(item)) next.add(item)
  return next
}
