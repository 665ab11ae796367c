import type { DestinationRow, SyncDoing } from '../../../core/contract/calls.ts'
import { count } from '../../words/number.ts'
import { age, countdown } from '../../words/time.ts'

interface Figure {
  readonly big: string
  readonly words: string
  readonly late: boolean
}

type Standing = Pick<
  DestinationRow,
  'state' | 'doing' | 'behindMs' | 'waiting' | 'perSecond' | 'catchUpMs' | 'retryAt' | 'thenMs' | 'attempt'
>

/** The one figure that says how it stands: seconds behind, or the time until the next try; and what it does, where that tells more. */
export function figureOf(row: Standing, now: number): Figure {
  const figure = plainly(row, now)
  return tells[row.doing] ? { ...figure, words: `${figure.words}; ${row.doing}` } : figure
}

function plainly(row: Standing, now: number): Figure {
  const behind = age(row.behindMs)
  if (row.state === 'paused') return { big: 'Paused', words: `${behind} behind`, late: false }
  if (row.state === 'fenced') return { big: 'Stopped', words: 'another installation uses this identity', late: true }
  if (row.retryAt !== null && row.retryAt > now)
    return {
      big: countdown(row.retryAt - now),
      words: `until try ${row.attempt + 1}${afterwards(row)}; ${behind} behind`,
      late: true,
    }
  if (row.state === 'action needed') return { big: 'Waits for you', words: `${behind} behind`, late: true }
  if (row.state === 'waiting') return { big: behind, words: `behind; try ${row.attempt + 1}`, late: true }
  if (row.state === 'starting') return { big: behind, words: 'behind', late: false }
  if (row.state === 'stopped') return { big: 'Stopped', words: `${behind} behind`, late: true }
  return { big: behind, words: `behind; ${catchUp(row) ?? sending(row)}`, late: false }
}

function afterwards({ thenMs, waiting }: Standing): string {
  return thenMs === null || waiting === 0 ? '' : `, then about ${age(Math.max(1_000, thenMs))} to catch up`
}

function sending({ perSecond }: Standing): string {
  return `sending ${count(Math.round(perSecond))} records a second`
}

function catchUp(row: Standing): string | null {
  if (row.catchUpMs === null) return null
  return `${count(Math.round(row.perSecond))} records a second, ${age(row.catchUpMs)} to catch up`
}

/** False: the figure says it already, or it is how any sending goes. */
const tells: Readonly<Record<SyncDoing, boolean>> = {
  connecting: true,
  'looking at its topics': true,
  'asking how its last transaction ended': true,
  'fencing older senders': true,
  'reading its checkpoint': true,
  'settling its last transaction': true,
  'looking for its last status': true,
  'writing its first checkpoint': true,
  sending: false,
  committing: false,
  'renewing its checkpoint': true,
  'waiting for records': false,
  'waiting for its share of bandwidth': true,
  'waiting for the next try': false,
  'waiting for a person': false,
  paused: false,
  stopped: false,
}
