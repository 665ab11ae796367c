import type { Band, Millis, Offset, SeriesType } from '../../contract/model.ts'
import type { Recent, Row } from '../rows.ts'

/** The reading that is being judged. One object for the whole path, changed in place. */
export interface Now {
  offset: Offset
  /** Event time. */
  time: Millis
  /** What a clock on the plant's wall shows then, as if it were UTC. */
  local: Millis
  value: number
  /** More than 10 minutes behind its arrival. */
  historical: boolean
  /** Usual gap between two readings of the series; NaN: not known. */
  every: Millis
  /** Usual band before this reading was learned from; NaN: not learned. */
  low: number
  high: number
  /** The expected value. */
  middle: number
  /** Distance from the expected value in its usual spread. */
  z: number
  /** How unlike itself the series is, in powers of ten; 0: in no way. */
  score: number
  /** The state in words, of a boolean or a text; its value is then 0 or 1, or a number made of the text. */
  text: string | null
  /** States that the rule names, and their values. */
  named: readonly string[]
  codes: readonly number[]
  /** The signal that the rule names, and its newest value; NaN: none. */
  otherName: string
  other: number
  /** What the rule has learned of the series, for a detector that keeps its own. */
  learned: Float64Array
}

/** 0: in order. 1: outside, enough to stay open. 2: enough to open. 3: enough to open, and far more than that. */
export type Verdict = 0 | 1 | 2 | 3

export interface Param {
  readonly name: string
  /** In a form. */
  readonly label: string
  readonly default: number
  /** Less or more is refused; absent: any. */
  readonly least?: number
  readonly most?: number
  readonly unit: string
  readonly doc: string
}

/** Of what happens in one reading: for so long it is news, if nothing more comes. */
export const lasting: Param = {
  name: 'lastsMs',
  label: 'Returns after',
  least: 0,
  default: 600_000,
  unit: 'ms',
  doc: 'If nothing more comes.',
}

/** One file each: what it looks for, its parameters and its step. A new meaning is a new version. */
export interface Detector {
  readonly id: string
  readonly version: number
  /** In a list of rules. */
  readonly looksFor: string
  readonly doc: string
  /** What its alerts are about; absent: a signal. */
  readonly about?: 'device' | 'source'
  /** What else a rule of it may name. */
  readonly uses?: readonly ('states' | 'other')[]
  readonly params: readonly Param[]
  /** What it can look at; absent: numbers. */
  readonly types?: readonly SeriesType[]
  /** Readings back in order before an alert may return, beside the rule's clear delay. */
  readonly clearReadings: number
  /** Judges a reading of one series. Absent: the detector looks at what does not come. */
  readonly step?: (row: Row, now: Now, params: Params, open: boolean) => Verdict
  /** So many numbers are learned for each rule and series, beside the row that all detectors share. */
  readonly keeps?: number
  /** It counts readings, so that one which comes a little late is judged with the others. */
  readonly counts?: boolean
  /** Whether a late reading shows its condition; null: it does not tell. Absent: none does. */
  readonly late?: (late: Late, params: Params) => boolean | null
  /** What it would have said of the time around `since` had the late reading come in order. Absent: see `late`. */
  readonly span?: (
    late: Late,
    params: Params,
    since: Millis,
  ) => { readonly since: Millis; readonly until: Millis } | null
  /** Event time at which the condition is over if nothing more comes; absent: it goes on. Asked while it is there. */
  readonly ends?: (row: Row, now: Now, params: Params) => Millis
  readonly words?: (row: Row, now: Now, params: Params) => Words
}

/** A reading that came late, and what is known around it. */
export interface Late {
  readonly time: Millis
  readonly value: number
  /** As in `Now`. */
  readonly text: string | null
  readonly named: readonly string[]
  readonly codes: readonly number[]
  /** What the series remembers without it, in order of time. */
  readonly seen: readonly Recent[]
  /** What the alert was explained with; and when it began. */
  readonly expected: Band | null
  readonly observed: number | null
  readonly since: Millis
}

/** By the band that the alert was explained with, on its side; null: it had none. */
export function isOutside({ value, expected, observed }: Late): boolean | null {
  if (expected === null || observed === null) return null
  return observed < expected.low ? value < expected.low : value > expected.high
}

export type Params = Readonly<Record<string, number>>

/** How an alert of this detector is put in words. */
export interface Words {
  /** After the signal's name: "below its usual band". */
  readonly title: string
  readonly expected: Band | null
  readonly why: string
  readonly rarity: number | null
  /** The value that it is about, where that is not the one that lies furthest out. */
  readonly observed?: number
  /** So many of the newest readings show it, also those from before it began; absent: none of those. */
  readonly readings?: number
}

export function param(detector: Detector, params: Params, name: string): number {
  return params[name] ?? defaultOf(detector, name)
}

/** Several times a reading, so without a closure. */
function defaultOf({ params }: Detector, name: string): number {
  for (let i = 0; i < params.length; i++) if (params[i]!.name === name) return params[i]!.default
  return Number.NaN
}
