import type { Block } from '../contract/block.ts'
import { content, kindCode, payload, repeatFlag, retainedFlag } from '../contract/block.ts'
import {
  type LinkEvent,
  linkEvents,
  type Millis,
  type Offset,
  type Topic,
  type UndecodableReason,
} from '../contract/model.ts'
import { fireDeadlines, forgive, linkDown, linkStopped, linkUp } from './clock.ts'
import { command } from './commands.ts'
import {
  fireCoverage,
  hearSource,
  type LinkWords,
  linkTurned,
  linkWords,
  recorderTurned,
  recordsMissing,
} from './coverage.ts'
import type { Context } from './decode/context.ts'
import { createDecoded, type Decoded, valueKinds } from './decode/decoded.ts'
import { createDecoder, type Decoder, type TopicCache } from './decode/decoder.ts'
import { clockChanged, learnClock } from './device-clock.ts'
import { sayDropped } from './dropped.ts'
import type { Emit } from './emit.ts'
import { headLength, owner } from './heads.ts'
import { type Known, knownIn, type PathKnown, plantKnowing } from './known.ts'
import { mapAhead } from './mappings.ts'
import { type Ahead, createPlant, type Plant, type SourceState, seriesIndex, sourceIndex } from './plant.ts'
import { occurs, placeInTime, readNumber, readText, touchDevice } from './reading.ts'
import { defaultRules } from './rules.ts'
import { followSequence } from './sequence.ts'
import { type PathState, restorePlant, savePlant } from './state.ts'

/**
 * The one stream path: records in, what they mean out. Live, catch-up, replay and what-if are this call over another
 * span of the log with another place to write. Nothing here knows the time of day or any chance: the same log gives
 * the same answers on any machine, in any slices.
 */
export interface Path {
  /** Offset of the record that comes next. */
  readonly next: Offset
  /** Reads rows [from, to) of the block in order and says what they mean. The first must be the record `next`. */
  step(block: Block, from: number, to: number, out: Emit): void
  /** A mapping was put for records that were read before: they are to be read again, by a path that knows it ahead. */
  readonly again: boolean
  /** What a restart needs, as copies; of the rows only those that changed since the last call. */
  save(): PathState
  /** What it knows that another version of it can go on from. */
  known(): PathKnown
}

export interface PathOptions {
  /** Mappings that count from before their own record, by `from`. */
  readonly ahead?: readonly Ahead[]
  /** Readings of further series are left out and counted as `too_large`. */
  readonly maxSeries?: number
  /** False: readings are told, and none is learned from or judged. */
  readonly detect?: boolean
  /** False: every message is read with JSON.parse; the answers are the same. */
  readonly shapes?: boolean
}

const mostSeries = 50_000

/** A path that has read nothing; it may begin at any offset. */
export function createPath(options: PathOptions = {}): Path {
  return pathOf(createPlant(options.maxSeries ?? mostSeries), options)
}

/** The path as it was saved; `state` holds every row. Throws `internal` when another version has saved it. */
export function restorePath(state: PathState, options: PathOptions = {}): Path {
  return pathOf(restorePlant(state, options.maxSeries ?? mostSeries), options)
}

/** A path that goes on from what another version knew: nothing is learned yet. It says what it knows as of the record before. */
export function resumePath(known: Known, out: Emit, options: PathOptions = {}): Path {
  return pathOf(plantKnowing(known, options.maxSeries ?? mostSeries, out), options)
}

function pathOf(plant: Plant, { detect = true, shapes = true, ahead = [] }: PathOptions): Path {
  plant.ahead = ahead
  plant.detects = detect
  const context: Context = {
    birth: (key) => plant.births.get(key) ?? null,
    zone: () => plant.zoneChanges,
    mappings: () => plant.mappings,
  }
  const decoder = createDecoder({ shapes })
  const reader: Reader = { plant, context, decoder, decoded: createDecoded(), topics: [], lanes: [] }
  return {
    get next() {
      return plant.next
    },
    step(block, from, to, out) {
      if (block.topics !== reader.topics) {
        reader.topics = block.topics
        reader.lanes = []
      }
      for (let row = from; row < to; row++) stepRecord(reader, block, row, out)
    },
    get again() {
      return plant.again
    },
    save: () => savePlant(plant),
    known: () => knownIn(plant),
  }
}

interface Reader {
  readonly plant: Plant
  readonly context: Context
  readonly decoder: Decoder
  readonly decoded: Decoded
  /** The topic table of the newest block, and what is kept of its topics by their number. */
  topics: Block['topics']
  lanes: Lane[]
}

interface Lane {
  readonly topic: Topic
  readonly cache: TopicCache
  /** Index of its source. */
  readonly source: number
}

/** Every record says that time has come to its own time; deadlines before it fire first. */
function stepRecord(reader: Reader, block: Block, row: number, out: Emit): void {
  const { plant } = reader
  const kind = block.kind[row]!
  const { next, time: before } = plant
  const time = block.time[row]!
  plant.next = block.first + row
  if (time > before) plant.time = time
  out.at(plant.next, plant.time)
  if (!plant.begun) begin(plant, out)
  else if (plant.next > next) recordsMissing(plant, next, plant.next, before, out)
  if (kind === kindCode.link) link(plant, block, row, before, out)
  if (plant.time >= plant.wake) fire(plant, out)
  if (plant.aheadDone < plant.ahead.length) mapAhead(plant, out)
  if (kind === kindCode.message) message(reader, block, row, out)
  else if (kind === kindCode.command) {
    command(plant, block.topics[block.topic[row]!]!.name, payload(block, row), out)
    plant.wake = -Infinity
  }
  plant.next += 1
}

function fire(plant: Plant, out: Emit): void {
  const deadline = fireDeadlines(plant, out)
  plant.wake = Math.min(deadline, fireCoverage(plant, out))
}

function begin(plant: Plant, out: Emit): void {
  plant.begun = true
  for (const rule of defaultRules) {
    plant.rules.push(rule)
    out.rule(rule, false)
  }
}

function message(reader: Reader, block: Block, row: number, out: Emit): void {
  const { decoded, plant } = reader
  const lane = reader.lanes[block.topic[row]!] ?? openLane(reader, block, row, out)
  const { topic } = lane
  const flags = block.flags[row]!
  const reason = decode(reader, lane, block, row)
  const retained = (flags & retainedFlag) !== 0
  const source = plant.sources[lane.source]!
  if (!retained) hearSource(plant, source, out)
  const repeat = (flags & repeatFlag) !== 0
  if (!retained && decoded.type !== null) followSequence(plant, topic.source, decoded, repeat, out)
  out.message(topic.source, flags & 3, repeat, reason === null ? decoded.n : 0)
  if (reason !== null) out.undecodable(topic, reason)
  else readings(reader, topic, block.time[row]!, retained, out)
  if (reason === null && !retained && !repeat) learnClocks(reader, block.time[row]!, out)
  if (reason === null && decoded.birth !== null) born(plant, decoded.birth, out)
}

/** A source is said before what its first message says. */
function openLane({ plant, decoder, lanes }: Reader, block: Block, row: number, out: Emit): Lane {
  const id = block.topic[row]!
  const topic = block.topics[id]!
  const lane = { topic, cache: decoder.cacheOf(topic.name), source: sourceIndex(plant, topic.source, out) }
  lanes[id] = lane
  return lane
}

function decode(
  { decoder, context, decoded }: Reader,
  { topic, cache }: Lane,
  block: Block,
  row: number,
): UndecodableReason | null {
  const from = row === 0 ? 0 : block.end[row - 1]!
  if (decoder.scan(cache, block.bytes, from, block.end[row]!, context, decoded)) return null
  const bytes = content(block, row)
  return bytes === null ? 'too_large' : decoder.decode(topic, bytes, context, decoded)
}

function readings({ plant, decoded }: Reader, topic: Topic, arrival: number, retained: boolean, out: Emit): void {
  const { layout, n, each } = decoded
  const alive = !retained && decoded.type !== 'NDEATH' && decoded.type !== 'DDEATH'
  let { left } = decoded
  let device = -1
  for (let i = 0; i < n; i++) {
    const kind = decoded.kind[i]!
    const slot = decoded.slot[i]!
    let id = layout.ids[3 * slot + kind]!
    if (id < 0) {
      id = seriesIndex(plant, layout, slot, valueKinds[kind]!, topic, out)
      layout.ids[3 * slot + kind] = id
    }
    if (id < 0) {
      left = 'too_large'
      continue
    }
    const owned = plant.heads.numbers[id * headLength + owner]!
    if (owned !== device) {
      device = owned
      occurs(plant, device, decoded.time, arrival, false)
      if (alive) touchDevice(plant, device, topic, out)
      if (alive && !each) placeInTime(plant, device, arrival, out)
    }
    if (each) occurs(plant, device, decoded.times[i]!, arrival, decoded.historical[i] === 1)
    if (each && alive) placeInTime(plant, device, arrival, out)
    if (kind === 2) readText(plant, id, decoded.text[i]!, retained, out)
    else readNumber(plant, id, decoded.number[i]!, kind === 1, retained, out)
  }
  if (left !== null) out.undecodable(topic, left)
}

/** After the readings, which are told by what was known of the clock before them. */
function learnClocks({ plant, decoded }: Reader, arrival: Millis, out: Emit): void {
  const { layout, n, slot } = decoded
  if (Number.isNaN(decoded.time)) return
  for (let i = 0; i < n; i++) {
    const id = layout.ids[3 * slot[i]! + decoded.kind[i]!]!
    if (id < 0) continue
    const device = plant.devices[plant.heads.numbers[id * headLength + owner]!]!
    if (learnClock(device.row, decoded.time, arrival, plant.time, plant.next)) clockChanged(plant, device, out)
    device.dirty = true
    if (!decoded.each) return // a message of one device
  }
}

function born(plant: Plant, { key, same, ...birth }: NonNullable<Decoded['birth']>, out: Emit): void {
  const known = { ...birth, offset: plant.next }
  plant.births.set(key, known)
  out.birth(key, known, same)
}

/** Before the deadlines: a recorder that was away does not make its devices silent. */
function link(plant: Plant, block: Block, row: number, before: Millis, out: Emit): void {
  const topic = block.topics[block.topic[row]!]!
  const event = topic.name as LinkEvent
  if (!linkEvents.includes(event)) return
  plant.wake = -Infinity
  const said = linkWords(payload(block, row))
  if (event === 'dropped') sayDropped(topic.source, payload(block, row), out)
  else turned(plant, topic, event, said, before, block.time[row]!, out)
  out.link(topic.source, event, said.detail)
}

/** Of one connection, or of the whole recorder. */
function turned(
  plant: Plant,
  topic: Topic,
  event: LinkEvent,
  said: LinkWords,
  before: Millis,
  time: Millis,
  out: Emit,
): void {
  const own = topic.source === '' ? null : plant.sources[sourceIndex(plant, topic.source, out)]!
  if (own !== null) own.linked = true
  if (own !== null) linkTurned(plant, own, event, said, time, out)
  else recorderTurned(plant, event, said, before, time, out)
  for (const source of own === null ? plant.sources : [own]) turnLink(plant, source, event, topic, out)
}

function turnLink(plant: Plant, source: SourceState, event: LinkEvent, topic: Topic, out: Emit): void {
  if (event === 'down') linkDown(plant, source)
  else if (event === 'stopped') linkStopped(plant, source, out)
  else if (event === 'started' && topic.source === '' && source.linked) source.up = false
  else if (event !== 'asleep') awake(plant, event, source, topic, out)
}

function awake(plant: Plant, event: LinkEvent, source: SourceState, topic: Topic, out: Emit): void {
  if (event === 'awake' || topic.source === '') forgive(plant, source)
  else linkUp(plant, source, out)
}

export type { PathState } from './state.ts'
