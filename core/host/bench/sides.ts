import type { DestinationConfig } from '../../contract/calls.ts'
import type { Millis, Offset } from '../../contract/model.ts'
import type { Flow, Flowed } from './flow.ts'
import type { Digits } from './plant.ts'

// What each process of the bench answers, and what the durable subscriber's thread is started with.

type Ask<In, Out> = { readonly in: In; readonly out: Out }
type Stop = Ask<null, null>

export interface Load {
  readonly topics: number
  /** Of a payload, about. */
  readonly bytes: 100 | 1_000
  readonly digits: Digits
}

export interface FeederData {
  readonly load: Load
  /** Port of a broker to publish to; null: be the broker. */
  readonly port: number | null
}

/** The side that sends: a broker with nothing but this, or a client of a real one. */
export type FeederSide = {
  readonly asks: {
    /** When it can be connected to, or is connected. */
    readonly ready: Ask<null, { readonly port: number }>
    /** When this client has subscribed. */
    readonly subscribed: Ask<string, null>
    /** As a broker, to the subscriber of this client id; as a client, below the topic that is its first letter. */
    readonly send: Ask<Flow & { readonly to: string }, Flowed>
    readonly stop: Stop
  }
  readonly tells: Record<never, never>
}

export interface SubscriberData {
  /** `plain` counts and nothing else; `durable` is the recorder. */
  readonly kind: 'plain' | 'durable'
  readonly port: number
  readonly clientId: string
  readonly topic: string
  /** Of a durable one. */
  readonly dir: string
  /** Added to each commit, as a slower disk would. */
  readonly commitDelay: Millis
  /** The stream path works beside it. */
  readonly path: boolean
  /** Sync works beside the path. */
  readonly sync?: Pick<ForwardBenchData, 'address' | 'topic'>
}

/** How far one destination is. */
export interface Sent {
  readonly acked: number
  readonly head: number
  /** Of Kafka. */
  readonly records: number
  readonly paused: boolean
}

/** Since `begin`. */
export interface Used {
  readonly ms: Millis
  readonly cpuMicros: number
  /** Resident bytes now. */
  readonly rss: number
}

export type SubscriberSide = {
  readonly asks: {
    /** Counts from here. */
    readonly begin: Ask<null, null>
    /** When so many messages have come, and were stored if it is durable; with `views`, when the path has read them too. */
    readonly reached: Ask<{ readonly messages: number; readonly views: boolean }, Used>
    readonly rss: Ask<null, number>
    /** When the path has read all that is stored by then. */
    readonly read: Ask<null, null>
    /** Begins to send to the destination, or pauses it. */
    readonly send: Ask<boolean, null>
    readonly sent: Ask<null, Sent>
    readonly stop: Stop
  }
  readonly tells: Record<never, never>
}

export interface RecorderData {
  readonly dir: string
  readonly url: string
  readonly clientId: string
  readonly topic: string
  readonly commitDelay: Millis
}

/** The durable subscriber's ingest thread. */
export type RecorderSide = { readonly asks: { readonly stop: Stop }; readonly tells: Record<never, never> }
export type FromRecorder = {
  readonly asks: Record<never, never>
  readonly tells: { readonly head: { readonly head: number; readonly time: Millis } }
}

/**
 * What reads the log: the limit (`parse`); the path with its roll-ups handed out, without its detectors (`sums`) and with
 * them (`alerts`); the same with its views stored (`without`, `all`); and the way it is not done (`naive`).
 */
export type Subject = 'parse' | 'sums' | 'alerts' | 'without' | 'all' | 'naive'

/** One reading of the whole log, from nothing. */
export interface PathFigure {
  readonly messages: number
  readonly readings: number
  readonly series: number
  readonly ms: Millis
  readonly cpuMicros: number
  /** Of the state that a restart needs. */
  readonly stateBytes: number
  /** Resident bytes at the end of each hour of log time. */
  readonly hours: readonly number[]
}

export interface PathData {
  readonly dir: string
}

export type PathSide = {
  readonly asks: { readonly run: Ask<Subject, PathFigure>; readonly stop: Stop }
  readonly tells: Record<never, never>
}

/** What saving the path cost, over some states. */
export interface Saved {
  readonly upto: Offset
  /** Where the newest state stands that is whole. */
  readonly saved: Offset
  /** Each hold-up of the path: to begin a state, and a turn of writing it. */
  readonly begins: readonly Millis[]
  readonly turns: readonly Millis[]
  /** Of one block each, while a state is written and while none is. */
  readonly steps: { readonly saving: readonly Millis[]; readonly not: readonly Millis[] }
  /** Of each state. */
  readonly bytes: readonly number[]
  /** Until the next one, in log time. */
  readonly pause: Millis
}

export interface Recovered {
  /** Until the path was as it was saved. */
  readonly restored: Millis
  readonly ms: Millis
  readonly messages: number
}

export type RecoverySide = {
  readonly asks: {
    readonly live: Ask<{ readonly states: number }, Saved>
    readonly recover: Ask<{ readonly upto: Offset }, Recovered>
    readonly stop: Stop
  }
  readonly tells: Record<never, never>
}

export interface ForwardBenchData {
  /** `log` lies here. */
  readonly dir: string
  readonly address: string
  readonly topic: string
  /** What differs from the defaults of a destination. */
  readonly more: Partial<Pick<DestinationConfig, 'payload' | 'headers' | 'compression'>>
}

/** One sending of the log, from its first record until the last is confirmed. */
export interface ForwardFigure extends Used {
  readonly records: number
  readonly transactions: number
}

export type ForwardBenchSide = {
  readonly asks: {
    /** To a destination that has nothing yet, up to an offset. */
    readonly send: Ask<{ readonly upto: number }, ForwardFigure>
    /** For so long with nothing to send. */
    readonly idle: Ask<{ readonly ms: Millis }, ForwardFigure>
    readonly stop: Stop
  }
  readonly tells: Record<never, never>
}
