import type {
  Alert,
  Cadence,
  Commands,
  LinkEvent,
  Maintenance,
  Mapping,
  Millis,
  Named,
  Offset,
  Rule,
  Series,
  Topic,
  Transition,
  UndecodableReason,
} from '../contract/model.ts'
import type { Birth } from './decode/context.ts'
import type { Gap } from './gaps.ts'

/**
 * What the path says, called at once and in log order. The same log gives the same calls with the same values,
 * whatever the slices in which it is read.
 */
export interface Emit {
  /** Before anything else about a record; `time` is log time, the running maximum of arrival. */
  at(offset: Offset, time: Millis): void
  /** Once for each message record, also for one that cannot be decoded (`readings` is then 0). */
  message(source: string, qos: number, repeat: boolean, readings: number): void
  /** After `message`, once or more for each device that the message holds readings of, by its number in the order of their first series. */
  ofDevice(device: number, qos: number, repeat: boolean): void
  /** Beside readings, `too_large` says that the message held more than the bound, `too_many_series` that the plant does, and the rest was left out. */
  undecodable(topic: Topic, reason: UndecodableReason): void
  /** A series is seen for the first time. */
  series(series: Series, deviceLabel: string, area: string, topic: string): void
  /** What it is called has changed, by a person or by a guess. */
  named(series: number, named: Named): void
  /** A number, or a boolean as 0 or 1. The band is what was usual before this reading was learned from; NaN: none. */
  reading(series: number, time: Millis, value: number, low: number, high: number, late: boolean): void
  /** The same as a reading in order without a band of each of the series that follow `first`; for those who can take them at once. */
  readings?(first: number, values: Float64Array, n: number, time: Millis): void
  /** Readings of the series that follow `first` may be said soon: who keeps numbers of each can look at them now, so that they come out of memory together. Nothing may be told of it. */
  fetch?(first: number, n: number): void
  /** Of a number in order: how unlike itself its series is, in powers of ten. Only for those who ask. */
  score?(series: number, time: Millis, score: number): void
  /** A text or boolean series changes its state; what came late is said in its place, and what stands behind it again. */
  state(series: number, time: Millis, text: string): void
  /** The learned pace changed by more than a tenth, or its kind did; null: not known yet. `silentAfterMs` is the device's; NaN: not learned. */
  cadence(series: number, everyMs: Millis, silentAfterMs: Millis, kind: Cadence | null): void
  /** The whole alert as of this transition. */
  alert(alert: Alert, transition: Transition): void
  rule(rule: Rule, deleted: boolean): void
  note(note: Commands['note'], offset: Offset, time: Millis): void
  bookmark(bookmark: Commands['bookmark'], offset: Offset, time: Millis): void
  /** Put, or put again; `ended`: the log time at which a person ended it before its time. */
  maintenance(maintenance: Maintenance, ended: Millis | null): void
  service(service: Commands['service']): void
  zone(zone: Commands['zone']): void
  /** From the next record on, or from this one where it is known ahead; null: it counts no more. */
  mapping(id: string, mapping: Mapping | null, ahead: boolean): void
  /** A Sparkplug birth; `same`: it declares what the one before it under this key did. */
  birth(key: string, birth: Birth, same: boolean): void
  /** The clock of a device is behind by so much, from the next record on; 0: it is right. */
  clock(device: string, behindMs: Millis): void
  link(source: string, event: LinkEvent, detail: string | null): void
  /** A source is heard of for the first time, by its link or by a message. */
  source(name: string): void
  /** A device comes by a source by which it never came before. */
  comesBy(device: string, source: string): void
  /** When it opens, and with its end when it is over. */
  gap(gap: Gap): void
  /** A message came whose own time lies in a gap that was over; how many have, with this one. `beyondAll`: it lies in none, and is older than what its signals remember. */
  late(about: Gap['about'], name: string, gap: number, total: number): void
  /** By its own numbers a Sparkplug edge node had sent so many messages between `since` and this one, which did not come. */
  missed(source: string, node: string, messages: number, since: Millis): void
  /** A person allowed to drop what fits a topic filter, or leaves it out, and so many messages were. */
  notStored(source: string, why: 'dropped' | 'left out', topics: string, messages: number): void
}

function nothing(): void {
  // for those who ask for a part of what is said
}

/** Hears nothing: to be spread under what somebody wants to hear. */
export const silentEmit: Emit = {
  at: nothing,
  message: nothing,
  ofDevice: nothing,
  undecodable: nothing,
  series: nothing,
  named: nothing,
  reading: nothing,
  state: nothing,
  cadence: nothing,
  alert: nothing,
  rule: nothing,
  note: nothing,
  bookmark: nothing,
  maintenance: nothing,
  service: nothing,
  zone: nothing,
  birth: nothing,
  mapping: nothing,
  clock: nothing,
  link: nothing,
  source: nothing,
  comesBy: nothing,
  gap: nothing,
  late: nothing,
  missed: nothing,
  notStored: nothing,
}
