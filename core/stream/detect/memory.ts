import { ln, log10 } from '../math.ts'
import { alertPart, memoryPart, peakPart, type Row } from '../rows.ts'
import type { Channel } from './channel.ts'
import { channels, features } from './channels.ts'
import { clip, clipFrom, featureRate, paceOf, reads, scaleOf, shareOf } from './means.ts'

// For each channel: what is usual for its feature, and the largest deviations so far. How rare a deviation is here is
// asked of those, and not of a curve: eight spreads are daily life in many series. Near are columns, a number a channel; where
// seven digits are enough, a count and a number lie in the place of one.

const count = channels.length
const mean = 0
/** The usual distance from it. */
const spread = count
/** In `whole`: how many were seen, and behind it in `small` the largest deviation of late: a peak, if nothing passes it. */
const seen = 2 * 2 * count
const candidate = seen + 1
/** How many had been seen before that one; and a copy of the sixth peak, because every reading asks for it. */
const since = seen + 2 * count
const sixth = since + 1
const peaksKept = 12
/** Of the small numbers of a line of memory. */
const peaksApart = 16

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
/** The spread is at least this, of a plain number; of others this share of the usual distance. */
const plainFloor = 0.05
export const share = 0.01
/** Nobody asks of what is less rare than this how rare it is. */
export const lessDoubt = 1.2
/** Who was seen so often begins again. */
const mostSeen = 0x7fff_ffff
/** The largest small number. */
const mostSize = 3.4e38

const logOfEpisodes = Float64Array.from({ length: mostEpisodes + 1 }, (_, i) => log10(i + 1))
const logOfPeaks = Float64Array.from({ length: peaksKept + 1 }, (_, i) => log10(i + 0.7))

/** What the newest reading was, channel by channel; of one that is not rare only that. */
export const weighed = {
  /** Distance of the feature from its mean, with its sign. */
  distance: column(),
  /** The usual distance. */
  spread: column(),
  /** What is compared with the peaks: small numbers, as those are. */
  size: new Float32Array(count),
  /** Powers of ten of rarity. */
  rare: column(),
}

function column(value: (channel: Channel) => number = () => 0): Float64Array {
  return Float64Array.from(channels, value)
}

const { distance: distances, spread: spreads, size: sizes, rare: rares } = weighed
const least = column((channel) => channel.least)
const lasts = column((channel) => channel.lasts)
/** 1: a channel is so. */
const plain = column((channel) => Number(channel.plain))
const absolute = column((channel) => Number(channel.absolute))
const upward = column((channel) => Number(channel.upward))

/**
 * Judges the features of the newest reading, then learns from them. As long as an alert is open, all of it is one
 * episode. One loop over columns: it is most of what a reading costs, and a call for each channel would double that.
 */
export function weigh(row: Row, open: boolean): void {
  const { near, small, whole, at } = row
  const floor = share * scaleOf(row)
  const episode = episodeOf(row)
  const rate = near[at + featureRate]!
  let known = -1
  let weight = 0
  for (let c = 0; c < count; c++) {
    const feature = features[c]!
    rares[c] = 0
    if (Number.isNaN(feature)) continue
    const i = at + memoryPart + c
    const pair = 2 * (at + memoryPart + c)
    const distance = feature - near[i + mean]!
    const usual = near[i + spread]!
    const ruler = usual + (plain[c] === 1 ? plainFloor : floor)
    const size = upward[c] === 1 ? distance : Math.abs(distance)
    const z = ruler > 0 ? size / ruler : size > 0 ? 1_000 : 0
    sizes[c] = Math.min(mostSize, absolute[c] === 1 ? size : z)
    const compared = sizes[c]! // as it is kept, so that the same size counts as the same
    const n = whole[pair + seen]!
    if (n >= judgeFrom && z > least[c]!) {
      distances[c] = distance
      spreads[c] = ruler
      rare(row, c, episode)
    }
    if (n >= remembersFrom) {
      if (compared >= small[pair + candidate]!) {
        small[pair + candidate] = compared
        whole[pair + since] = n
      } else if (!open && n - whole[pair + since]! >= episode * lasts[c]!) endEpisode(row, c)
      if (open) row.far[row.from + alertPart + c] = small[pair + candidate]!
    }
    if (n !== known) weight = shareOf(n, rate)
    known = n
    const furthest = n >= clipFrom ? clip * usual : Infinity
    const d = distance > furthest ? furthest : distance < -furthest ? -furthest : distance
    near[i + mean] = near[i + mean]! + weight * d
    near[i + spread] = Math.sqrt((1 - weight) * (usual * usual + weight * d * d))
    whole[pair + seen] = (n + 1) & mostSeen
  }
}

/** Readings in which a deviation may come again as the same one. */
function episodeOf(row: Row): number {
  const pace = paceOf(row) // readings of this series for one at five minutes
  const age = row.near[row.at + reads]! / (youngEpisodes * episodeReadings)
  const k = pace > 1 ? Math.min(pace, Math.max(1, age)) : pace
  return Math.round(Math.max(0.3, k) * episodeReadings)
}

/** Powers of ten: 2 is one in a hundred episodes. Beyond the largest peak by how heavy their tail is (Hill). */
function rare(row: Row, c: number, episode: number): void {
  const pair = pairOf(row, c)
  const episodes = row.whole[pair + seen]! / (episode * lasts[c]!)
  if (episodes < 2) return
  const compared = sizes[c]! / asLarge
  const lived = logOfEpisodes[Math.min(mostEpisodes, Math.floor(episodes))]!
  if (compared <= row.small[pair + sixth]! && lived - logOfPeaks[6]! <= lessDoubt) return // the peaks are far away
  const known = lived - logOfPeaks[larger(row, c, compared)]!
  const largest = row.small[peaksOf(row, c)]!
  rares[c] =
    largest > 0 && compared > largest
      ? Math.min(mostOfEpisodes * lived, known + (tailWeight * log10(compared / largest)) / tail(row, c))
      : known
}

/** Of a channel, in `small` and `whole`. */
function pairOf({ at }: Row, c: number): number {
  return 2 * (at + memoryPart + c)
}

/** In `small`. */
function peaksOf({ at }: Row, c: number): number {
  return 2 * (at + peakPart) + c * peaksApart
}

function larger(row: Row, c: number, size: number): number {
  const { small } = row
  const first = peaksOf(row, c)
  let n = 0
  while (n < peaksKept && small[first + n]! >= size) n++
  return n
}

function tail(row: Row, c: number): number {
  const { small } = row
  const first = peaksOf(row, c)
  let n = 0
  while (n < peaksKept && small[first + n]! > 0) n++
  const k = n >> 1
  let sum = tailBefore
  for (let i = 0; i < k; i++) sum += ln(small[first + i]! / small[first + k]!)
  return sum / (peaksBefore + k)
}

/** The candidate was a peak; the newest deviation is the next candidate. */
function endEpisode(row: Row, c: number): void {
  const { small, whole } = row
  const pair = pairOf(row, c)
  keepPeak(row, c, small[pair + candidate]!)
  small[pair + candidate] = Math.max(0, sizes[c]!)
  whole[pair + since] = whole[pair + seen]!
}

function keepPeak(row: Row, c: number, size: number): void {
  const { small } = row
  const first = peaksOf(row, c)
  let i = first + peaksKept - 1
  if (size <= small[i]!) return
  while (i > first && small[i - 1]! < size) {
    small[i] = small[i - 1]!
    i--
  }
  small[i] = size
  copySixth(row, c)
}

function copySixth(row: Row, c: number): void {
  row.small[pairOf(row, c) + sixth] = row.small[peaksOf(row, c) + 5]!
}

/** As if the newest alert had not deviated; what is larger than it stays. */
export function forgetAlert(row: Row, c: number): void {
  const { small, far, from } = row
  const size = far[from + alertPart + c]!
  const pair = pairOf(row, c)
  if (size > 0 && small[pair + candidate] === size) small[pair + candidate] = 0
  while (size > 0 && dropPeak(small, peaksOf(row, c), size));
  copySixth(row, c)
  far[from + alertPart + c] = 0
}

/** As if what the newest alert deviated by had come as often as is remembered: up to there it is daily life. */
export function allowAlert(row: Row, c: number): void {
  const size = row.far[row.from + alertPart + c]!
  for (let i = 0; i < peaksKept; i++) keepPeak(row, c, size)
}

function dropPeak(small: Float32Array, first: number, size: number): boolean {
  const at = small.indexOf(size, first)
  if (at < 0 || at >= first + peaksKept) return false
  small.copyWithin(at, at + 1, first + peaksKept)
  small[first + peaksKept - 1] = 0
  return true
}

/** As if nothing had been learned of the channel. */
export function forget(row: Row, c: number): void {
  const { near, small, whole, at } = row
  const first = peaksOf(row, c)
  const pair = pairOf(row, c)
  near[at + memoryPart + mean + c] = near[at + memoryPart + spread + c] = 0
  whole[pair + seen] = whole[pair + since] = 0
  small[pair + candidate] = small[pair + sixth] = 0
  small.fill(0, first, first + peaksKept)
  row.far[row.from + alertPart + c] = 0
}

export function isLearned(row: Row, c: number): boolean {
  return row.whole[pairOf(row, c) + seen]! >= judgeFrom
}

export function meanOf({ near, at }: Row, c: number): number {
  return near[at + memoryPart + mean + c]!
}

export function spreadOf({ near, at }: Row, c: number): number {
  return near[at + memoryPart + spread + c]!
}

/** The deviation that was reached in six episodes: neither daily life nor the one failure that all remember. */
export function usualPeak(row: Row, c: number): number {
  return row.small[pairOf(row, c) + sixth]!
}

/** "1 in N readings were this far out". */
export function oneIn(row: Row, c: number): number {
  const n = row.whole[pairOf(row, c) + seen]!
  return Math.max(1, Math.floor(n / (larger(row, c, sizes[c]! / asLarge) + 1)))
}
