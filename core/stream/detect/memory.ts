import { ln, log10 } from '../math.ts'
import { memoryPart, peakPart } from '../series.ts'
import type { Channel } from './channel.ts'
import { featureRate, learnSpread, reads } from './means.ts'

// For each channel: what is usual for its feature, and the largest deviations so far. How rare a deviation is here is
// asked of those, and not of a curve: eight spreads are daily life in many series.

const fields = 7
const mean = memoryPart
const variance = memoryPart + 1
const seen = memoryPart + 2
/** The largest deviation of late, and how many readings ago: a peak, if nothing passes it. */
const candidate = memoryPart + 3
const age = memoryPart + 4
/** A copy of the sixth peak, because every reading asks for it. */
const sixth = memoryPart + 5
/** The largest deviation of the newest alert. */
const alerted = memoryPart + 6
const peaksKept = 12

const judgeFrom = 100
const remembersFrom = 30
/** Readings at five minutes in which one peak counts once. */
const episodeReadings = 15
const mostEpisodes = 400
/** Until a fast series is older than so many episodes, its episodes are shorter. */
const youngEpisodes = 37.5
/** A deviation this much smaller still counts as one as large. */
const asLarge = 1.05
const tailWeight = 3
/** The tail is taken for this heavy until the peaks have said more than so many. */
const tailBefore = 3
const peaksBefore = 4
/** The tail may make of n episodes this power of n, and no more: who has lived for days does not know what comes once in years. */
const mostOfEpisodes = 2.5

const logOfEpisodes = Float64Array.from({ length: mostEpisodes + 1 }, (_, i) => log10(i + 1))
const logOfPeaks = Float64Array.from({ length: peaksKept + 1 }, (_, i) => log10(i + 0.7))

/** What the newest reading was, channel by channel; written by `weigh`. */
export interface Weighed {
  /** Distance of the feature from its mean, with its sign. */
  readonly distance: Float64Array
  /** The usual distance. */
  readonly spread: Float64Array
  /** What is compared with the peaks. */
  readonly size: Float64Array
  /** Powers of ten of rarity. */
  readonly rare: Float64Array
}

export function weighed(channels: number): Weighed {
  const column = () => new Float64Array(channels)
  return { distance: column(), spread: column(), size: column(), rare: column() }
}

/** Judges the feature of channel `c`, then learns from it. As long as an alert is open, all of it is one episode. */
export function weigh(
  row: Float64Array,
  c: number,
  feature: number,
  channel: Channel,
  floor: number,
  episode: number,
  open: boolean,
  out: Weighed,
): void {
  const own = episode * channel.lasts
  const at = c * fields
  const distance = feature - row[mean + at]!
  const spread = Math.sqrt(row[variance + at]!) + floor
  const size = channel.upward ? distance : Math.abs(distance)
  const z = spread > 0 ? size / spread : size > 0 ? 1_000 : 0
  const n = row[seen + at]!
  out.distance[c] = distance
  out.spread[c] = spread
  const compared = channel.absolute ? size : z
  out.size[c] = compared
  out.rare[c] = n >= judgeFrom && z > channel.least ? rarity(row, c, compared, n / own) : 0
  if (n >= remembersFrom) learnPeak(row, c, compared, open ? Infinity : own)
  if (open) row[alerted + at] = row[candidate + at]!
  learnSpread(row, mean + at, feature, n, row[featureRate]!)
  row[seen + at] = n + 1
}

/** Readings in which a deviation may come again as the same one. `pace`: readings of this series for one at five minutes. */
export function episodeOf(row: Float64Array, pace: number): number {
  const k = pace > 1 ? Math.min(pace, Math.max(1, row[reads]! / (youngEpisodes * episodeReadings))) : pace
  return Math.round(Math.max(0.3, k) * episodeReadings)
}

/** Powers of ten: 2 is one in a hundred episodes. Beyond the largest peak by how heavy their tail is (Hill). */
function rarity(row: Float64Array, c: number, size: number, episodes: number): number {
  if (episodes < 2) return 0
  const first = peakPart + c * peaksKept
  const compared = size / asLarge
  const lived = logOfEpisodes[Math.min(mostEpisodes, Math.floor(episodes))]!
  const known = lived - logOfPeaks[larger(row, c, compared)]!
  const largest = row[first]!
  if (!(largest > 0 && compared > largest)) return known
  return Math.min(mostOfEpisodes * lived, known + (tailWeight * log10(compared / largest)) / tail(row, first))
}

function larger(row: Float64Array, c: number, size: number): number {
  const first = peakPart + c * peaksKept
  let n = 0
  while (n < peaksKept && row[first + n]! >= size) n++
  return n
}

function tail(row: Float64Array, first: number): number {
  let n = 0
  while (n < peaksKept && row[first + n]! > 0) n++
  const k = n >> 1
  let sum = tailBefore
  for (let i = 0; i < k; i++) sum += ln(row[first + i]! / row[first + k]!)
  return sum / (peaksBefore + k)
}

function learnPeak(row: Float64Array, c: number, size: number, episode: number): void {
  const at = c * fields
  if (size >= row[candidate + at]!) {
    row[candidate + at] = size
    row[age + at] = 0
    return
  }
  row[age + at] = row[age + at]! + 1
  if (row[age + at]! < episode) return
  keepPeak(row, peakPart + c * peaksKept, row[candidate + at]!)
  row[sixth + at] = row[peakPart + c * peaksKept + 5]!
  row[candidate + at] = Math.max(0, size)
  row[age + at] = 0
}

function keepPeak(row: Float64Array, first: number, size: number): void {
  let i = first + peaksKept - 1
  if (size <= row[i]!) return
  while (i > first && row[i - 1]! < size) {
    row[i] = row[i - 1]!
    i--
  }
  row[i] = size
}

/** As if the newest alert had not deviated; what is larger than it stays. */
export function forgetAlert(row: Float64Array, c: number): void {
  const at = c * fields
  const size = row[alerted + at]!
  if (size > 0 && row[candidate + at] === size) row[candidate + at] = 0
  else if (size > 0) dropPeak(row, peakPart + c * peaksKept, size)
  row[sixth + at] = row[peakPart + c * peaksKept + 5]!
  row[alerted + at] = 0
}

function dropPeak(row: Float64Array, first: number, size: number): void {
  const at = row.indexOf(size, first)
  if (at < 0 || at >= first + peaksKept) return
  row.copyWithin(at, at + 1, first + peaksKept)
  row[first + peaksKept - 1] = 0
}

/** As if nothing had been learned of the channel. */
export function forget(row: Float64Array, c: number): void {
  row.fill(0, memoryPart + c * fields, memoryPart + (c + 1) * fields)
  row.fill(0, peakPart + c * peaksKept, peakPart + (c + 1) * peaksKept)
}

export function isLearned(row: Float64Array, c: number): boolean {
  return row[seen + c * fields]! >= judgeFrom
}

export function meanOf(row: Float64Array, c: number): number {
  return row[mean + c * fields]!
}

export function spreadOf(row: Float64Array, c: number): number {
  return Math.sqrt(row[variance + c * fields]!)
}

/** The deviation that was reached in six episodes: neither daily life nor the one failure that all remember. */
export function usualPeak(row: Float64Array, c: number): number {
  return row[sixth + c * fields]!
}

/** "1 in N readings were this far out". */
export function oneIn(row: Float64Array, c: number, size: number): number {
  return Math.max(1, Math.floor(row[seen + c * fields]! / (larger(row, c, size / asLarge) + 1)))
}
