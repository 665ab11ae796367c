import type { Row } from '../rows.ts'
import type { Now } from './detector.ts'

/** One way in which a series can be unlike itself. One file each; together they make the learned band. */
export interface Channel {
  readonly id: string
  readonly version: number
  readonly doc: string
  /** Deviations up to so many usual ones are never counted. */
  readonly least: number
  /** The feature is a plain number; otherwise it is in the unit of the sensor. */
  readonly plain: boolean
  /** The largest deviations are kept as they were; otherwise against what was usual then. */
  readonly absolute: boolean
  /** Only more of it is a deviation, never less. */
  readonly upward: boolean
  /** How many times as long as those of other channels its deviations last, so that one counts once. */
  readonly lasts: number
  /** A number that stays near its own mean while the series is itself; NaN: not known yet. */
  readonly feature: (row: Row, now: Now) => number
  readonly words: (said: Deviation, row: Row) => ChannelWords
}

/** How far the feature was from its mean, and how far it usually is. */
export interface Deviation {
  readonly distance: number
  readonly spread: number
  readonly feature: number
}

export interface ChannelWords {
  /** After the signal's name. */
  readonly title: string
  /** Null: the band and what it was learned from say it. */
  readonly why: string | null
  /** The value that it is about, where that is not the one that lies furthest out. */
  readonly observed?: number
  /** So many of the newest readings show it, also those from before it began. */
  readonly readings?: number
}

/** How far from 0 the feature usually stays. */
export function usually({ distance, feature, spread }: Deviation): string {
  return figure(Math.abs(feature - distance) + 3 * spread)
}

/** A number in a sentence: three digits that count. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(3)))
}
