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
import { fetchAhead } from './ahead.ts'
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
import { createDecoded, type Decoded, type Layout, valueKinds } from './decode/decoded.ts'
import { createDecoder, type Decoder } from './decode/decoder.ts'
import { type Shape, scanNumbers, viewOf } from './decode/shape.ts'
import { clockChanged, learnClock } from './device-clock.ts'
import type { Emit } from './emit.ts'
import { sayGivenUp } from './given-up.ts'
import { joinHeads, ownerOf, partHeads } from './heads.ts'
import { fireHeld } from './holds.ts'
import { type Known, knownIn, type PathKnown, plantKnowing } from './known.ts'
import { createLanes, type Lanes, laneAt, laneDevice, laneForm, laneSeries, laneSource, openLane } from './lanes.ts'
import { mapAhead } from './mappings.ts'
import { sayNotStored } from './not-stored.ts'
import { paceAt } from './paces.ts'
import { type Ahead, createPlant, type Plant, type SourceState, seriesIndex, sourceIndex } from './plant.ts'
import { occurs, placeInTime, readNumber, readNumbers, readText, touchDevice } from './reading.ts'
import { defaultRules } from './rules.ts'
import { followSequence } from './sequence.ts'
import type { Slab } from './slabs.ts'
import { type PathState, restorePlant, type Saving, savePlant } from './state.ts'

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
  /** Mappings that were put for records read before: those are to be read again, by a path that knows them ahead. */
  readonly lacking: readonly Ahead[]
  /**
   * Begins to save what a restart needs, as it is now. `put` is given the slabs that changed since the save before: some
   * at once, the rest as `give` asks for them or before a step changes them. One save at a time.
   */
  save(put: (slab: Slab) => void): Saving
  /** What it knows that another version of it can go on from. */
  known(): PathKnown
}

export interface PathOptions {
  /** Mappings that count from before their own record, by `from`. */
  readonly ahead?: readonly Ahead[]
  /** False: readings are told, and none is learned from or judged. */
  readonly detect?: boolean
  /** False: every message is read with JSON.parse; the answers are the same. */
  readonly shapes?: boolean
}

/** A path that has read nothing; it may begin at any offset. */
export function createPath(options: PathOptions = {}): Path {
  return pathOf(createPlant(), options)
}

/** The path as it was saved; `state` holds every slab. Throws `internal` when another version has saved it. */
export function restorePath(state: PathState, options: PathOptions = {}): Path {
  return pathOf(restorePlant(state), options)
}

/** A path that goes on from what another version knew: nothing is learned yet. It says what it knows as of the record before. */
export function resumePath(known: Known, out: Emit, options: PathOptions = {}): Path {
  return pathOf(plantKnowing(known, out), options)
}

function pathOf(plant: Plant, { detect = true, shapes = true, ahead = [] }: PathOptions): Path {
  plant.ahead = ahead
  plant.lacking = plant.lacking.filter((put) => !ahead.some(({ offset }) => offset === put.offset))
  for (const done of plant.aheadDone) if (!ahead.some(({ offset }) => offset === done)) plant.aheadDone.delete(done)
  plant.detects = detect
  const context: Context = {
    birth: (key) => plant.births.get(key) ?? null,
    zone: () => plant.zoneChanges,
    mappings: () => plant.mappings,
  }
  const decoder = createDecoder({ shapes })
  const reader: Reader = {
    plant,
    context,
    shapes,
    decoder,
    decoded: createDecoded(),
    lanes: createLanes([], []),
    view: nothing,
  }
  return {
    get next() {
      return plant.next
    },
    step(block, from, to, out) {
      if (block.topics !== reader.lanes.topics) reader.lanes = createLanes(block.topics, plant.mappings)
      reader.view = viewOf(block.bytes)
      for (let row = from, end = from; row < to; row++) {
        if (row === end) end = fetchAhead(plant, reader.lanes, block, row, to, out)
        stepRecord(reader, block, row, out)
      }
    },
    get lacking() {
      return plant.lacking
    },
    save: (put) => savePlant(plant, put),
    known: () => knownIn(plant),
  }
}

interface Reader {
  readonly plant: Plant
  readonly context: Context
  readonly shapes: boolean
  decoder: Decoder
  readonly decoded: Decoded
  /** Of the newest block's topics. */
  lanes: Lanes
  /** Of its bytes. */
  view: DataView
}

const nothing = viewOf(new Uint8Array(0))

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
  if (plant.aheadDone.size < plant.ahead.length) mapAhead(plant, out)
  if (plant.mappings !== reader.lanes.mappings) reader.lanes = createLanes(block.topics, plant.mappings)
  if (kind === kindCode.message) message(reader, block, row, out)
  else if (kind === kindCode.command) obey(reader, block, row, out)
  if (plant.time >= plant.due) fireHeld(plant, out)
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

/** What a message of some shape is read into is looked up once; after a merge that is another series. */
function obey(reader: Reader, block: Block, row: number, out: Emit): void {
  const { plant } = reader
  command(plant, block.topics[block.topic[row]!]!.name, payload(block, row), out)
  plant.wake = -Infinity
  if (plant.rewired) reader.decoder = createDecoder({ shapes: reader.shapes })
  plant.rewired = false
  if (isRelated(plant)) partHeads(plant.heads)
  reader.lanes = createLanes(block.topics, plant.mappings)
}

function message(reader: Reader, block: Block, row: number, out: Emit): void {
  const { lanes, plant } = reader
  const lane = laneAt(lanes, block.topic[row]!)
  const { numbers } = lanes
  if (numbers[lane + laneSource] === 0)
    numbers[lane + laneSource] = 1 + sourceIndex(plant, block.topics[block.topic[row]!]!.source, out)
  if (numbers[lane + laneForm]! > 0 && scanLane(reader, lane, block, row)) inLane(reader, lane, block, row, out)
  else anyMessage(reader, lane, block, row, out)
}

function scanLane({ lanes, context, decoded, view }: Reader, lane: number, block: Block, row: number): boolean {
  const form = lanes.forms[lanes.numbers[lane + laneForm]! - 1]!
  return scanNumbers(form, view, row === 0 ? 0 : block.end[row - 1]!, block.end[row]!, context, decoded)
}

/** A message like most others of its topic, which `decoded` holds: the same is done as with any other. */
function inLane({ plant, decoded, lanes }: Reader, lane: number, block: Block, row: number, out: Emit): void {
  const { numbers } = lanes
  const source = plant.sources[numbers[lane + laneSource]! - 1]!
  const device = numbers[lane + laneDevice]!
  const first = numbers[lane + laneSeries]!
  const flags = block.flags[row]!
  const retained = (flags & retainedFlag) !== 0
  const repeat = (flags & repeatFlag) !== 0
  plant.arrival = block.time[row]!
  plant.said = decoded.time
  if (!retained) hearSource(plant, source, out)
  out.message(source.name, flags & 3, repeat, decoded.n)
  out.ofDevice(device, flags & 3, repeat)
  occurs(plant, device, false)
  if (!retained) {
    touchDevice(plant, device, numbers[lane + laneSource]! - 1, out)
    placeInTime(plant, device, out)
  }
  readNumbers(plant, device, first, decoded.number, decoded.n, retained, out)
  if (!retained && !repeat && !Number.isNaN(decoded.time)) learnClockOf(plant, device, out)
}

function anyMessage(reader: Reader, lane: number, block: Block, row: number, out: Emit): void {
  const { decoded, plant, decoder, context, view } = reader
  const topic = block.topics[block.topic[row]!]!
  const index = reader.lanes.numbers[lane + laneSource]! - 1
  plant.arrival = block.time[row]!
  const source = plant.sources[index]!
  const flags = block.flags[row]!
  const from = row === 0 ? 0 : block.end[row - 1]!
  const shape = decoder.scan(decoder.cacheOf(topic.name), view, from, block.end[row]!, context, decoded)
  const reason = shape === null ? decode(reader, topic, block, row) : null
  const retained = (flags & retainedFlag) !== 0
  if (!retained) hearSource(plant, source, out)
  const repeat = (flags & repeatFlag) !== 0
  if (!retained && decoded.type !== null) followSequence(plant, topic.source, decoded, repeat, out)
  out.message(topic.source, flags & 3, repeat, reason === null ? decoded.n : 0)
  if (reason !== null) out.undecodable(topic, reason)
  else readings(reader, topic, index, flags, out)
  if (reason === null && !retained && !repeat) learnClocks(reader, out)
  if (reason === null && decoded.birth !== null) born(plant, decoded.birth, out)
  if (shape !== null) findLane(reader, lane, shape)
}

function decode(
  { decoder, context, decoded }: Reader,
  topic: Topic,
  block: Block,
  row: number,
): UndecodableReason | null {
  const bytes = content(block, row)
  return bytes === null ? 'too_large' : decoder.decode(topic, bytes, context, decoded)
}

/** Opens a lane for the next messages of this shape, when what it holds allows it. */
function findLane({ plant, decoded, lanes }: Reader, lane: number, { form, layout }: Shape): void {
  const series = layout.ids[0]!
  if (decoded.n === 0 || series < 0) return
  const { heads } = plant
  const device = ownerOf(heads, series)
  const { cadence } = plant.series[series]!
  if (clockOf(plant, layout, 0, device) !== device) return
  let isAlike = !isRelated(plant)
  for (let i = 0; i < decoded.n; i++) {
    if (decoded.kind[i] !== 0 || layout.ids[3 * i] !== series + i) return
    if (ownerOf(heads, series + i) !== device) return
    isAlike &&= plant.series[series + i]!.cadence === cadence
  }
  if (isAlike) joinHeads(heads, series, decoded.n)
  openLane(lanes, lane, form, series, device, decoded.n)
}

/** A rule about two signals asks, of one, what the other one of the same message was before. */
function isRelated({ rules }: Plant): boolean {
  return rules.some(({ detector }) => detector === 'relation')
}

function readings({ plant, decoded }: Reader, topic: Topic, source: number, flags: number, out: Emit): void {
  const { layout, n, each } = decoded
  const retained = (flags & retainedFlag) !== 0
  const alive = !retained && decoded.type !== 'NDEATH' && decoded.type !== 'DDEATH'
  let { left } = decoded
  let device = -1
  let clock = -1
  for (let i = 0; i < n; i++) {
    const kind = decoded.kind[i]!
    const slot = decoded.slot[i]!
    let id = layout.ids[3 * slot + kind]!
    if (id < 0) {
      id = seriesIndex(plant, layout, slot, valueKinds[kind]!, topic, out)
      layout.ids[3 * slot + kind] = id
    }
    if (id < 0) {
      left = 'too_many_series'
      continue
    }
    const owned = ownerOf(plant.heads, id)
    const sender = clockOf(plant, layout, slot, owned)
    if (owned !== device || sender !== clock) {
      plant.said = decoded.time
      occurs(plant, sender, false)
      clock = sender
    }
    if (owned !== device) {
      device = owned
      out.ofDevice(device, flags & 3, (flags & repeatFlag) !== 0)
      if (alive) touchDevice(plant, device, source, out)
      if (alive && !each) placeInTime(plant, device, out)
    }
    if (each) plant.said = decoded.times[i]!
    if (each) occurs(plant, clock, decoded.historical[i] === 1)
    if (each && alive) placeInTime(plant, device, out)
    if (kind === 2) readText(plant, id, decoded.text[i]!, retained, out)
    else readNumber(plant, id, decoded.number[i]!, kind === 1, retained, out)
  }
  if (left !== null) out.undecodable(topic, left)
}

/** The device by whose clock a reading is: the one that sends it, also where it counts as a reading of another one. */
function clockOf({ devices, deviceOf }: Plant, { places }: Layout, slot: number, owner: number): number {
  const { device } = places[slot]!
  return devices[owner]!.name === device ? owner : deviceOf.get(device)!
}

/** After the readings, which are told by what was known of the clock before them. */
function learnClocks({ plant, decoded }: Reader, out: Emit): void {
  const { layout, n, slot } = decoded
  const { learned } = plant.paces
  if (Number.isNaN(decoded.time)) return
  plant.said = decoded.time
  for (let i = 0; i < n; i++) {
    const id = layout.ids[3 * slot[i]! + decoded.kind[i]!]!
    if (id < 0) continue
    const device = clockOf(plant, layout, slot[i]!, ownerOf(plant.heads, id))
    if (learned[device] !== plant.next) learnClockOf(plant, device, out)
    if (!decoded.each) return // a message of one device
    learned[device] = plant.next
  }
}

function learnClockOf(plant: Plant, index: number, out: Emit): void {
  if (learnClock(plant.paces.numbers, paceAt(index), plant)) clockChanged(plant, plant.devices[index]!, out)
  plant.paces.changed[index] = 1
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
  if (event === 'dropped' || event === 'left out') sayNotStored(topic.source, event, payload(block, row), out)
  else if (event === 'given up') sayGivenUp(plant, payload(block, row), said.detail, out)
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
  if (event === 'down' && source.away?.cause === 'removed') linkStopped(plant, source, out)
  else if (event === 'down') linkDown(plant, source)
  else if (event === 'stopped') linkStopped(plant, source, out)
  else if (event === 'started' && topic.source === '' && source.linked) source.up = false
  else if (event !== 'asleep') awake(plant, event, source, topic, out)
}

function awake(plant: Plant, event: LinkEvent, source: SourceState, topic: Topic, out: Emit): void {
  if (event === 'awake' || topic.source === '') forgive(plant, source)
  else linkUp(plant, source, out)
}

export type { Slab } from './slabs.ts'
export type { PathState, Saving } from './state.ts'
