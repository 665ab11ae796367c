import type {
  BrokerConfig,
  Calls,
  DestinationRow,
  FileConfig,
  ReadCall,
  SourceConfig,
  SourceRow,
  Status,
} from '../contract/calls.ts'
import type { LinkEvent, Millis, Offset } from '../contract/model.ts'
import type { Measures } from '../ingest/capture.ts'
import type { Bounds, Reader } from '../log/retention.ts'
import type { Ahead } from '../stream/plant.ts'
import type { DestinationWithPassword, Surroundings } from '../sync/forward.ts'
import type { SnapshotAt } from '../views/snapshot.ts'

// What each thread answers and listens to, and what it says to the host. Types only: both ends are checked against them.

type Ask<In, Out> = { readonly in: In; readonly out: Out }
type Stop = Ask<null, null>

export interface Head {
  /** Next offset to be written. */
  readonly head: Offset
  readonly time: Millis
}

export interface SourceWithPassword {
  readonly source: SourceConfig
  readonly password: string | null
  /** Of its key. */
  readonly passphrase: string | null
}

/** All that is to be captured from. */
export interface Wanted {
  readonly sources: readonly SourceWithPassword[]
  readonly files: readonly FileConfig[]
  /** The broker inside; null when it is not to run. */
  readonly broker: { readonly config: BrokerConfig; readonly password: string | null } | null
}

/** A command as it goes into the log. */
interface NamedCommand {
  readonly name: string
  readonly value: unknown
}

/** The generated history of the demo plant: from `startedAt - span` to `startedAt`, the same for the same seed. */
export interface DemoPlan {
  readonly seed: number
  readonly startedAt: Millis
}

export interface IngestData {
  readonly logDir: string
  readonly segmentBytes: number
  readonly lingerMs: Millis
  /** Null: no history to make. */
  readonly prepare: DemoPlan | null
  readonly zone: string
  readonly bounds: Bounds
  /** They go when the disk lacks room. */
  readonly snapshots: string
}
export type IngestSide = {
  readonly asks: {
    readonly command: Ask<NamedCommand, { readonly offset: Offset }>
    /** About the whole installation. */
    readonly link: Ask<LinkEvent, { readonly offset: Offset }>
    readonly sources: Ask<Wanted, null>
    readonly stop: Stop
  }
  readonly tells: {
    readonly bounds: Bounds
    /** Who needs the log, and from where on. Until it is told, nothing goes. */
    readonly readers: readonly Reader[]
    readonly unborn: Unborn
  }
}
export type FromIngest = {
  readonly asks: Record<never, never>
  readonly tells: {
    readonly ready: Head
    readonly head: Head
    readonly sources: readonly SourceRow[]
    /** Null: history is in the log, and capture has begun. */
    readonly preparing: Status['preparing']
    /** Each second, while it captures. */
    readonly measures: Measures & { readonly loopMs: Millis }
    readonly held: Status['log']['heldBy']
    readonly trouble: Status['log']['trouble']
  }
}

export interface StreamData {
  readonly logDir: string
  readonly viewsFile: string
  readonly snapshots: string
  /** Null: a tenth of the disk, at most 20 GB. */
  readonly maxViewsBytes: number | null
}
export type StreamSide = {
  readonly asks: { readonly stop: Stop }
  readonly tells: { readonly head: Head; readonly maxViewsBytes: number | null }
}
/** A message of a topic holds a Sparkplug alias whose birth is not known. */
export interface Unborn {
  readonly source: string
  readonly topic: string
}

/** How far the views are. */
export interface ViewsAt {
  readonly offset: Offset
  /** A restart goes on from here. */
  readonly saved: Offset
  readonly time: Millis
  /** Charts and alerts before it went, because the views were too large; null: none did. */
  readonly archiveFrom: Millis | null
  /** Alerts that are open. */
  readonly alerts: number
  readonly catchingUp: { readonly done: number; readonly secondsLeft: number | null } | null
}
export type FromStream = {
  readonly asks: Record<never, never>
  readonly tells: {
    readonly ready: { readonly note: string | null }
    readonly views: ViewsAt
    readonly unborn: Unborn
    /** At the start, and when it is more: mappings that a path over the kept log would know ahead, where this one does not. */
    readonly lacks: readonly Ahead[] | null
  }
}

export interface ReadAheadData {
  readonly logDir: string
  readonly from: Offset
  readonly to: Offset
  /** Of a BlockRing. */
  readonly memory: SharedArrayBuffer
}

export interface HistoryData {
  readonly logDir: string
  /** Those whose place the new ones take. */
  readonly viewsFile: string
  readonly ahead: readonly Ahead[]
  readonly maxViewsBytes: number | null
  readonly minFreeBytes: number
}
export type HistorySide = {
  readonly asks: {
    /** Reads everything before that record at least, and leaves the views ready to be switched in. Then it only waits to be stopped. */
    readonly finish: Ask<Offset, null>
    readonly stop: Stop
  }
  readonly tells: { readonly head: Head; readonly maxViewsBytes: number | null; readonly minFreeBytes: number }
}
/** How far history has been read again. */
export interface HistoryAt {
  /** A restart goes on from here. */
  readonly saved: Offset
  /** 0 to 1. */
  readonly done: number
  readonly secondsLeft: number | null
  /** So near the head of the log that it can be switched in. */
  readonly near: boolean
  /** Until the disk has so much more room it waits; null: it does not. */
  readonly lacksBytes: number | null
}
export type FromHistory = { readonly asks: Record<never, never>; readonly tells: { readonly at: HistoryAt } }

export interface SnapshotData {
  readonly snapshots: string
  readonly viewsFile: string
}
export type SnapshotSide = {
  readonly asks: {
    /** From then on the views may be written on. */
    readonly hold: Ask<null, null>
    /** When the state that was begun just before is whole. */
    readonly write: Ask<SnapshotAt, null>
    readonly stop: Stop
  }
  readonly tells: Record<never, never>
}
export type FromSnapshot = { readonly asks: Record<never, never>; readonly tells: { readonly ready: null } }

export interface QueryData {
  readonly logDir: string
  readonly viewsFile: string
}
export type QuerySide = {
  readonly asks: { readonly [K in ReadCall | 'probe']: Ask<Calls[K]['in'], Calls[K]['out']> } & {
    /** As it goes into the log. */
    readonly refer: Ask<Calls['command']['in'], Calls['command']['in']>
    /** Closes the views; the next question opens them. */
    readonly letGo: Ask<null, null>
    readonly stop: Stop
  }
  readonly tells: Record<never, never>
}
export type FromQuery = { readonly asks: Record<never, never>; readonly tells: { readonly ready: null } }

export interface ForwardData {
  readonly logDir: string
  /** Where the log ended when this program took it; null: nothing could be added to it yet. */
  readonly head: Offset | null
  readonly viewsFile: string
  readonly stateFile: string
}
export type ForwardSide = {
  readonly asks: {
    readonly destinations: Ask<
      { readonly site: string; readonly destinations: readonly DestinationWithPassword[] },
      null
    >
    readonly retryNow: Ask<string, null>
    readonly createTopics: Ask<string, { readonly created: readonly string[] }>
    readonly ledger: Ask<Calls['ledger']['in'], Calls['ledger']['out']>
    readonly lag: Ask<Calls['lag']['in'], Calls['lag']['out']>
    readonly outages: Ask<null, Calls['outages']['out']>
    readonly count: Ask<Calls['sync.count']['in'], Calls['sync.count']['out']>
    readonly sendAgain: Ask<Calls['sync.sendAgain']['in'], Calls['sync.sendAgain']['out']>
    readonly check: Ask<Calls['sync.check']['in'], Calls['sync.check']['out']>
    readonly cancel: Ask<string, null>
    readonly jobs: Ask<number, Calls['sync.jobs']['out']>
    readonly aside: Ask<Calls['sync.aside']['in'], Calls['sync.aside']['out']>
    /** Closes the views; the next look opens them. */
    readonly letGo: Ask<null, null>
    readonly stop: Stop
  }
  readonly tells: {
    /** Everything before this offset is in the views. */
    readonly upto: Offset
    readonly around: Surroundings
  }
}
export type FromForward = {
  readonly asks: Record<never, never>
  readonly tells: { readonly rows: readonly DestinationRow[] }
}

export type DemoData = DemoPlan
export type DemoSide = { readonly asks: { readonly stop: Stop }; readonly tells: Record<never, never> }
export type FromDemo = {
  readonly asks: Record<never, never>
  readonly tells: { readonly ready: { readonly url: string } }
}
