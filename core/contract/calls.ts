import type {
  Alert,
  Band,
  Cadence,
  Commands,
  Evidence,
  GapCause,
  LogRecord,
  Mapping,
  Millis,
  Named,
  Offset,
  Priority,
  Reading,
  Rule,
  SeriesType,
  Suppression,
  Transition,
  UndecodableReason,
} from './model.ts'

/** The instant a page shows. Null: live. A past instant answers as the screen would have been then. */
export type At = Millis | null

/** A destination or source of records as the configuration file holds it (secrets are references, never values). */
export interface SourceConfig {
  readonly name: string
  /** mqtt://, mqtts://, ws:// or wss://, with its path */
  readonly url: string
  readonly topics: readonly string[]
  /** Of these, topics that are acknowledged and counted, and not stored. */
  readonly exclude: readonly string[]
  readonly qos: 0 | 1 | 2
  readonly version: 'auto' | '5' | '3.1.1'
  readonly username: string | null
  /** Path of a PEM file with the certificate authority, or null for the system's. */
  readonly ca: string | null
  /** Paths of PEM files: the certificate by which we are known to the broker, and its key. Both or none. */
  readonly cert: string | null
  readonly key: string | null
  /** The name that the broker's certificate must be for; null: the host of the address. */
  readonly serverName: string | null
  /** Protocol to ask for while TLS is agreed (ALPN). */
  readonly alpn: string | null
  /** Where others can read whether we are there: published at the start, at the end, and by the broker when we are lost. */
  readonly announce: { readonly topic: string; readonly retained: boolean } | null
  /** A Sparkplug edge node is asked for its births when an alias of it is not known. */
  readonly rebirth: boolean
  readonly clientId: string | null
  /** QoS 0 messages of these topic filters are dropped, the oldest first, when the queue to the disk is full. */
  readonly dropQos0: readonly string[]
}

/** A broker inside this program, for devices that publish to it. Its password is the secret `broker/password`. */
export interface BrokerConfig {
  readonly enabled: boolean
  readonly host: string
  readonly port: number
  readonly username: string | null
}

export interface DestinationConfig {
  readonly name: string
  readonly brokers: readonly string[]
  readonly delivery: 'auto' | 'exactly-once' | 'at-least-once'
  readonly tls: boolean
  readonly ca: string | null
  /** Paths of PEM files: the certificate by which we are known to the cluster, and its key. Both or none. */
  readonly cert: string | null
  readonly key: string | null
  readonly sasl: 'none' | 'plain' | 'scram-sha-256' | 'scram-sha-512' | 'oauthbearer'
  /** With oauthbearer the id of the client, whose secret is the password. */
  readonly username: string | null
  /** Where tokens are asked for, and with which scope; of oauthbearer only. */
  readonly tokenUrl: string | null
  readonly scope: string | null
  /** Names, in which `{site}` stands for the plant and, for telemetry, `{type}` for number, boolean, text or raw. */
  readonly topics: {
    readonly telemetry: string
    readonly alerts: string
    readonly status: string
    readonly deadletter: string
  }
  /** What is sent of what the log holds; a change counts for what was not sent yet. */
  readonly filter: {
    /** MQTT topic filters: a message that fits one of `topics` and none of `exclude` goes. */
    readonly topics: readonly string[]
    readonly exclude: readonly string[]
    /** Names of signals, in which `*` stands for any characters. */
    readonly signals: readonly string[]
    readonly excludeSignals: readonly string[]
    readonly alerts: boolean
  }
  /** A JSON record for each reading, or the bytes of each message as they came. */
  readonly payload: 'envelope' | 'raw'
  readonly headers: 'full' | 'minimal'
  readonly compression: 'none' | 'gzip' | 'zstd'
  /** On the wire, over time; null: no bound. */
  readonly maxBytesPerSecond: number | null
  /** Where it begins when it is new: with the kept log, with what comes from then on, or at a time (ISO 8601). */
  readonly start: string
  /** Make missing topics, with this many partitions and copies, and this retention in hours (-1: keep for ever). */
  readonly create: {
    readonly allowed: boolean
    readonly partitions: number
    readonly replication: number
    readonly retentionHours: number
  }
  readonly paused: boolean
  /** The log keeps what it still lacks, whatever its bounds. */
  readonly required: boolean
}

/** A log file that is followed; each line is a message. */
export interface FileConfig {
  readonly name: string
  readonly path: string
  readonly topic: string
  /** A pattern whose named groups are signals; null: lines are read as any message. */
  readonly pattern: string | null
  /** Name of the device, with `{group}` and `{1}` for a level of the topic; null: the topic. */
  readonly device: string | null
  /** The group that is the time; null: the time at which the line was read. */
  readonly time: string | null
}

/** `sent`: log files that every destination has; `optional`, `required`: also those that such a destination lacks. */
export const giveUps = ['sent', 'snapshots', 'optional', 'required'] as const
export type GiveUp = (typeof giveUps)[number]

export interface Config {
  readonly site: string
  /** IANA name of the plant's time zone. */
  readonly zone: string
  /** Times of day at which shifts change, as 06:00. */
  readonly shifts: readonly string[]
  readonly sources: readonly SourceConfig[]
  readonly files: readonly FileConfig[]
  readonly broker: BrokerConfig
  readonly destinations: readonly DestinationConfig[]
  /** Run the built-in demo plant. */
  readonly demo: boolean
  readonly log: {
    readonly segmentMegabytes: number
    readonly lingerMs: number
    /** Null: a tenth of the disk, at most 20. */
    readonly maxGigabytes: number | null
    readonly minFreeGigabytes: number
    /** Null: as old as there is room for. */
    readonly maxDays: number | null
    /** What goes when a bound is met, first to last; what is not named stays. */
    readonly giveUp: readonly GiveUp[]
    /** Null: a tenth of the disk, at most 20. */
    readonly maxViewsGigabytes: number | null
  }
  readonly server: { readonly port: number; readonly metrics: 'off' | 'token' | 'open' }
}

export type DeviceState = 'normal' | 'alert' | 'silent' | 'shelved' | 'learning'

/** One row of the device table. */
export interface DeviceRow {
  readonly device: string
  readonly label: string
  readonly area: string
  readonly state: DeviceState
  /** Of its worst open alert; null when it has none. */
  readonly priority: Priority | null
  readonly acknowledged: boolean
  readonly signal: string | null
  /** As a person calls that signal. */
  readonly name: string | null
  readonly unit: string | null
  readonly unitGuessed: boolean
  readonly value: number | string | null
  readonly band: Band | null
  /** Means of the last hour, one per minute; NaN where nothing came. */
  readonly spark: Float64Array
  readonly heard: Millis | null
  readonly everyMs: Millis | null
  readonly perMinute: number
  readonly signals: number
}

export interface Health {
  /** The instant shown, and its offset. */
  readonly time: Millis
  readonly offset: Offset
  readonly devices: {
    readonly total: number
    readonly normal: number
    readonly alert: number
    readonly silent: number
    readonly shelved: number
    readonly learning: number
  }
  readonly capture: {
    readonly perSecond: number
    readonly spark: Float64Array
    readonly records: number
    readonly gapFreeSince: Millis | null
  }
  readonly alerts: { readonly active: number; readonly unacknowledged: number; readonly perHour: number }
  readonly undecodable: {
    readonly total: number
    readonly byReason: Readonly<Partial<Record<UndecodableReason, number>>>
  }
  /** 0 to 1 while views are built from the log; null when they are up to date. */
  readonly catchingUp: { readonly done: number; readonly secondsLeft: number | null } | null
  /**
   * While history is read again, because a mapping counts for it; until then it is as it was read, and what comes is read
   * with the mapping. `lacksBytes`: it waits until the disk has so much more room. Null: none is.
   */
  readonly readingAgain: {
    readonly done: number
    readonly secondsLeft: number | null
    readonly lacksBytes: number | null
  } | null
}

/** Its unit is what it is known to be, which may be more than was known when it opened. */
export type ShownAlert = Alert & { readonly unitGuessed: boolean }

/** Alerts as a list shows them: of an incident the one that moved first, with the others below it. */
export interface AlertRow {
  readonly alert: ShownAlert
  /** Of the most urgent alert of the incident. */
  readonly priority: Priority
  /** The other open alerts of the incident, in the order in which they moved. */
  readonly members: readonly Pick<Alert, 'id' | 'title' | 'device' | 'signal' | 'priority' | 'since' | 'until'>[]
  /** The record at which the newest of its alerts that call a person began to; null: none does. */
  readonly called: Offset | null
  readonly label: string
  readonly area: string
  readonly group: 'active' | 'acknowledged' | 'returned' | 'shelved' | 'suppressed' | 'closed'
  readonly spark: Float64Array
  readonly band: Band | null
}

export interface AlertDetail extends AlertRow {
  readonly journal: readonly Transition[]
  readonly rule: Rule | null
  readonly evidence: readonly Evidence[]
  /** The topic its evidence came by. */
  readonly topic: string | null
  /** Distribution of the signal, for "how rare": bin edges n+1, counts n. */
  readonly distribution: { readonly edges: Float64Array; readonly counts: Float64Array } | null
}

export interface Columns {
  readonly series: number
  readonly device: string
  readonly signal: string
  readonly name: string | null
  readonly unit: string | null
  readonly unitGuessed: boolean
  readonly type: SeriesType
  /** Event time of each point, ascending, epoch ms; equal lengths. NaN in a value: a gap. */
  readonly time: Float64Array
  readonly mean: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
  readonly low: Float64Array
  readonly high: Float64Array
  /** For text and boolean signals: changes of state in place of values. */
  readonly states: readonly { readonly time: Millis; readonly text: string }[]
}

/** What a rule may look for, as its form is drawn from it. */
export interface DetectorInfo {
  readonly id: string
  /** "a fixed limit". */
  readonly looksFor: string
  readonly doc: string
  readonly about: 'signal' | 'device' | 'source'
  /** What else a rule of it may name. */
  readonly uses: readonly ('states' | 'other')[]
  /** Null: none. Numbers in milliseconds have the unit `ms`. */
  readonly params: readonly {
    readonly name: string
    readonly label: string
    readonly default: number | null
    readonly least: number | null
    readonly most: number | null
    readonly unit: string
    readonly doc: string
  }[]
}

/** What came of a rule in the seven days before the instant. */
export interface RuleUse {
  readonly rule: string
  readonly alerts: number
  /** Alerts that a person marked, and those of them that were useful, by the newest mark of each. */
  readonly marked: number
  readonly useful: number
}

/** What a person called a series, whole, as `series.put` takes it. */
export type Said = Omit<Named, 'guess'>

export interface SignalRow {
  readonly series: number
  readonly signal: string
  /** What a person calls it. */
  readonly said: Said
  readonly unit: string | null
  /** By its name and the size of its values: nobody said it. */
  readonly unitGuessed: boolean
  /** Signals that are read into it, of other devices too. */
  readonly parts: readonly {
    readonly series: number
    readonly device: string
    readonly signal: string
    readonly said: Said
  }[]
  readonly type: SeriesType
  readonly value: number | string | null
  readonly band: Band | null
  readonly everyMs: Millis | null
  readonly cadence: Cadence | null
  /** Log time; the first null: it was seen before the log begins. */
  readonly firstSeen: Millis | null
  readonly lastSeen: Millis | null
  /** Null: has a band. Else milliseconds until the first one, at the usual pace. */
  readonly learningMs: Millis | null
}

/** A device that a person has put aside: its alerts are kept, and call nobody. */
export interface Upkeep {
  readonly state: Suppression
  /** Null: until a person puts it back. */
  readonly until: Millis | null
  /** Id of the maintenance; null when it is out of service. */
  readonly maintenance: string | null
  readonly note: string | null
  readonly by: string
}

export interface DeviceDetail {
  readonly row: DeviceRow
  readonly upkeep: Upkeep | null
  readonly topic: string | null
  readonly silentAfterMs: Millis | null
  readonly messagesToday: number
  readonly signals: readonly SignalRow[]
  readonly notes: readonly { readonly time: Millis; readonly by: string; readonly text: string }[]
  readonly openAlerts: number
}

export interface MessageRow {
  readonly record: Omit<LogRecord, 'bytes'>
  /** The payload as text, cut at 4,096 characters; base64 where it is not UTF-8. */
  readonly text: string | null
  readonly base64: string | null
  readonly size: number
  readonly readings: readonly Reading[]
  /** With readings: only a part of it was read. */
  readonly undecodable: UndecodableReason | null
}

/** A time in which nothing could come, or nothing did. */
export interface Gap {
  readonly from: Millis
  /** Null: it goes on. */
  readonly until: Millis | null
  readonly cause: GapCause
  readonly detail: string | null
  /** Messages of that time that came afterwards, and are filed by their own time. */
  readonly late: number
}

/** What of a span was heard: all of it since `since`, but for the gaps. */
export interface Coverage {
  /** When it was first heard of; null: not until the end of the span. */
  readonly since: Millis | null
  /** Those that touch the span, whole, in order of time and never two at once; of more than 500 the newest. */
  readonly gaps: readonly Gap[]
  /** There are more gaps than these. */
  readonly more: boolean
  /** Of the span, in the gaps above. */
  readonly gapMs: Millis
}

/** A file that was imported has no link, and so no gaps. */
export interface SourceCoverage extends Coverage {
  readonly source: string
  readonly messages: number
  /** Sent again by the broker, because it had not heard that they were stored. */
  readonly repeats: number
  /** Sent without acknowledgement: what was lost of these on the way cannot be known. */
  readonly qos0: number
  /** Topic filters that the broker did not grant while the rest was heard; at most 100 times of it, the newest. */
  readonly refused: readonly { readonly topics: string; readonly from: Millis; readonly until: Millis | null }[]
  /** By the choice of a person, while the disk took none. */
  readonly dropped: NotStored
  /** By the choice of a person, because of their topics; told within a minute, so that a crash may forget the last ones. */
  readonly leftOut: NotStored
  /** By the numbers of its Sparkplug edge nodes so many did not come; and the newest 20 times when. */
  readonly missed: { readonly messages: number; readonly newest: readonly Missed[] }
  /** They came in no gap of their own time and were older than all that their signals remember: charted, and no alert is revised. */
  readonly tooLate: number
}

/** Messages in all, and by the 20 topic filters that cost most. */
export interface NotStored {
  readonly messages: number
  readonly topics: readonly { readonly topics: string; readonly messages: number }[]
}

/** Messages of a Sparkplug edge node that did not come, by the numbers of those before and after them. */
export interface Missed {
  readonly node: string
  /** When the one before came, and the one after. */
  readonly since: Millis
  readonly until: Millis
  readonly messages: number
}

export interface Continuity {
  readonly from: Millis
  readonly until: Millis
  /** What came before is no longer kept; null: everything is. */
  readonly keptSince: Millis | null
  readonly sources: readonly SourceCoverage[]
  /** Records that went before a destination had them, in words; the newest 100 of the span, newest first. */
  readonly givenUp: readonly { readonly time: Millis; readonly words: string }[]
}

/** The counts are of whole minutes. */
export interface DeviceCoverage extends Coverage {
  readonly device: string
  readonly from: Millis
  readonly until: Millis
  readonly sources: readonly string[]
  readonly messages: number
  /** As of a source. */
  readonly repeats: number
  readonly qos0: number
  /** Of its Sparkplug edge node, which numbers the messages of all its devices as one; null: it is none of Sparkplug. */
  readonly missed: SourceCoverage['missed'] | null
}

/** A device that was silent by its own pace, while its source was heard or not. */
export interface SilentRow {
  readonly device: string
  readonly label: string
  readonly area: string
  readonly silences: number
  /** Of the span. */
  readonly silentMs: Millis
}

export interface AlertLoad {
  /** Calls in each of the last 24 hours, oldest first, by log time: alerts that opened, came again, or were no longer put aside. */
  readonly hours: Float64Array
  readonly perHour: number
  readonly floods: number
  /** Calls in the last 10 minutes, while a flood goes on; null: none does. */
  readonly flood: number | null
  /** Last 7 days. */
  readonly frequent: readonly {
    readonly device: string
    readonly label: string
    readonly signal: string | null
    readonly count: number
  }[]
}

export interface Timeline {
  /** Start of each bin, epoch ms, ascending. */
  readonly time: Float64Array
  readonly messages: Float64Array
  readonly alerts: readonly {
    readonly id: string
    readonly title: string
    readonly device: string
    readonly priority: Priority
    readonly from: Millis
    readonly until: Millis | null
    readonly acknowledged: boolean
  }[]
  readonly gaps: readonly { readonly from: Millis; readonly until: Millis | null; readonly cause: GapCause }[]
  readonly bookmarks: readonly { readonly at: Millis; readonly text: string }[]
}

export interface Bounds {
  /** Time and offset of the oldest record, and of the newest. */
  readonly from: Millis | null
  readonly first: Offset
  readonly until: Millis
  readonly head: Offset
}

/** What a destination is doing, as its screen names it. */
export type SyncState =
  | 'starting'
  | 'live'
  | 'catching up'
  | 'waiting'
  | 'action needed'
  | 'fenced'
  | 'paused'
  | 'stopped'

/** What a destination does at this moment: each state of its session has one of these names, and they stay. */
export type SyncDoing =
  | 'connecting'
  | 'looking at its topics'
  | 'asking how its last transaction ended'
  | 'fencing older senders'
  | 'reading its checkpoint'
  | 'settling its last transaction'
  | 'looking for its last status'
  | 'writing its first checkpoint'
  | 'sending'
  | 'committing'
  | 'renewing its checkpoint'
  | 'waiting for records'
  | 'waiting for its share of bandwidth'
  | 'waiting for the next try'
  | 'waiting for a person'
  | 'paused'
  | 'stopped'

export interface DestinationRow {
  readonly name: string
  readonly brokers: readonly string[]
  readonly state: SyncState
  readonly doing: SyncDoing
  /** Age of the oldest record not sent. */
  readonly behindMs: Millis
  readonly waiting: number
  /** Kafka records, of which a record of the log may become many or none. */
  readonly perSecond: number
  /** Share of the last minute for which a quota of the cluster made it wait, from 0 to 1. */
  readonly throttled: number
  /** Until nothing waits, at the pace at which it gained over the last minute; null: not known yet, or it does not gain. */
  readonly catchUpMs: Millis | null
  readonly next: Offset
  /** Everything before is confirmed by the cluster: the log may let it go. Behind `next` where nothing was to be sent. */
  readonly acked: Offset
  readonly head: Offset
  /** Where it began, and what was asked for then: beginning, now, or a time; null: not known. */
  readonly began: { readonly offset: Offset; readonly asked: string } | null
  readonly delivery: 'exactly once' | 'at least once' | 'not known yet'
  /** Next try, when it waits. */
  readonly retryAt: Millis | null
  /** About how long it takes then to send what waits now, at the speed that was measured before; null: not measured. */
  readonly thenMs: Millis | null
  readonly attempt: number
  /** What, value, way out; null when nothing is wrong. */
  readonly error: {
    readonly message: string
    readonly hint: string | null
    readonly code: string | null
    readonly since: Millis
    /** Lines for whoever runs the cluster, to be copied whole: they grant what is missing. Null: no permission is. */
    readonly grant: string | null
  } | null
  readonly confirmed: { readonly transactions: number; readonly records: number; readonly last: Millis | null }
  /** Records marked because it could not be known whether they had arrived. */
  readonly maybeTwice: number
  /** Records that left the log before they were sent. */
  readonly unsent: number
  /** Records that the cluster would not take; and of these, those that were not sent since. */
  readonly deadLetters: number
  readonly aside: number
  /** What the newest finished check found; null: never checked. */
  readonly checked: (OffsetSpan & Pick<Proof, 'expected' | 'missing' | 'twice'> & { readonly time: Millis }) | null
}

export interface OffsetSpan {
  readonly from: Offset
  /** One past the last offset. */
  readonly to: Offset
}

/** The readings of a span, compared one by one with what the telemetry topics hold: by source, offset and index. */
export interface Proof {
  /** Kafka records that the log says belong there, by the settings and mappings as they are now. */
  readonly expected: number
  /** Of these, found at least once. */
  readonly arrived: number
  /** Of these, not found, for no reason that is known. */
  readonly missing: number
  /** Copies beyond the first that carry no mark. */
  readonly twice: number
  /** Of one device, behind a record that the log holds after it. */
  readonly outOfOrder: number
  /** Under the names of this log, and not in it. */
  readonly unknown: number
  /** Copies that carry `edge-resend`: a person sent them once more. */
  readonly sentAgain: number
  /** Copies that carry `edge-maybe-dup`, and how many of these really are a further copy. */
  readonly maybeTwice: number
  readonly reallyTwice: number
  /** Not found, because the cluster would not take them. */
  readonly setAside: number
  /** Not found, and the topic has deleted what it held of that time. */
  readonly deleted: number
  /** Kafka records that were read for it, of whatever installation and offset. */
  readonly read: number
  /** Of these, what another destination of this installation, or another copy of it, has sent to the same topics. */
  readonly others: number
  readonly topics: readonly string[]
  /** The first of what differs. */
  readonly differences: readonly Difference[]
}

export interface Difference {
  readonly offset: Offset
  readonly index: number
  readonly what: 'missing' | 'twice' | 'out of order' | 'unknown'
}

/** A span of the log that is sent once more, or compared with what the destination holds. */
export interface SyncJob extends OffsetSpan {
  /** Of one that sends: what its records carry as `edge-resend`. */
  readonly id: string
  readonly destination: string
  readonly kind: 'send' | 'check'
  /** Only what was set aside of it. */
  readonly asideOnly: boolean
  readonly state: 'running' | 'done' | 'cancelled' | 'failed'
  readonly started: Millis
  readonly ended: Millis | null
  /** Of one that sends: everything before is confirmed. */
  readonly next: Offset
  /** 0 to 1 */
  readonly done: number
  /** Sent and confirmed. */
  readonly records: number
  readonly bytes: number
  /** While it runs: why it waits. */
  readonly error: {
    readonly message: string
    readonly hint: string | null
    readonly code: string
    readonly grant: string | null
  } | null
  readonly proof: Proof | null
}

/** How a person names a span: by offsets, or by the time at which the records came. */
export type SpanBy =
  | { readonly by: 'offset'; readonly from: Offset; readonly to: Offset }
  | { readonly by: 'time'; readonly from: Millis; readonly until: Millis }

/** What of a span was sent to a destination, and is in the log still. */
export interface SpanCount extends OffsetSpan {
  readonly records: number
  readonly bytes: number
  /** False: of a long span the beginning was counted, and the rest is taken to be like it. */
  readonly exact: boolean
  /** When its first record came, and the first one after it; null: there is none. */
  readonly began: Millis | null
  readonly ended: Millis | null
}

/** A record that the cluster would not take. */
export interface AsideRow {
  /** Ascending with time. */
  readonly id: number
  readonly destination: string
  readonly offset: Offset
  /** Of a reading in its message; of an alert among those of its offset. */
  readonly index: number
  readonly what: 'reading' | 'alert'
  readonly reason: string
  /** In the topic for dead letters, or only in this log. */
  readonly kept: 'topic' | 'log'
  /** False: its record left the log, so it cannot be sent again. */
  readonly inLog: boolean
  readonly time: Millis
}

export interface LedgerRow {
  /** Ascending with time. */
  readonly id: number
  readonly destination: string
  /** The job that sent it once more; null: as everything is sent. */
  readonly again: string | null
  /** No transaction: the records left the log before they were sent, and at `confirmed` that was seen. */
  readonly gone: boolean
  readonly from: Offset
  /** One past the last offset. */
  readonly to: Offset
  readonly records: number
  readonly bytes: number
  /** Null: under way. */
  readonly confirmed: Millis | null
}

export interface Outage {
  readonly destination: string
  readonly from: Millis
  readonly until: Millis | null
  /** Records of the log that waited at its end; null: it goes on, or it was before this was kept. */
  readonly waited: number | null
  readonly cause: string
}

export interface SourceRow {
  readonly name: string
  readonly url: string
  readonly state: 'connecting' | 'up' | 'down' | 'action needed'
  readonly version: '5' | '3.1.1' | null
  readonly perSecond: number
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null
  readonly refusedTopics: readonly string[]
  /** Messages since the start that were acknowledged and not stored: of excluded topics, and the broker's memory of what is stored already. */
  readonly leftOut: { readonly excluded: number; readonly retainedAgain: number }
  /** What a person should know of how it runs; nothing is wrong. */
  readonly note: string | null
  /** What of it waits for the disk, and since when nothing more is read, because the queue is full. */
  readonly queue: { readonly messages: number; readonly bytes: number; readonly pausedSince: Millis | null }
  /** Since the program started, by the topic filter that allowed it. */
  readonly dropped: readonly { readonly topics: string; readonly messages: number }[]
}

/** Half of them were at most this long, and all but one in a hundred. */
export interface Spread {
  readonly p50: Millis
  readonly p99: Millis
}

/** How the recorder keeps up. */
export interface Recorder {
  /** When it said so: once a second, unless the disk or the machine holds it. */
  readonly time: Millis
  /** Over ten seconds. */
  readonly perSecond: number
  readonly bytesPerSecond: number
  /** Of the last minute; null when there was none. A commit is one write that is durable when it ends. */
  readonly commit: Spread | null
  /** Of the last minute: from the arrival of a message until it is stored and acknowledged; null without QoS 1 or 2. */
  readonly acknowledged: Spread | null
  /** What waits for the disk, at most `maxBytes`; since when nothing more is read, because it is full. */
  readonly queue: {
    readonly messages: number
    readonly bytes: number
    readonly maxBytes: number
    readonly pausedSince: Millis | null
  }
  /** Bytes a day at the pace of the last hours; null while it is not known. */
  readonly logPerDay: number | null
  /** Bytes a day that all of this program hands to the disk. */
  readonly writtenPerDay: number | null
  /** Days until the log meets its limit or the disk is full; null while the pace is not known. */
  readonly runwayDays: number | null
  /** Write-ahead files of the log and the views. */
  readonly walBytes: number
}

export interface ProbeResult {
  readonly ok: boolean
  readonly milliseconds: number
  readonly version: '5' | '3.1.1' | null
  readonly tls: string | null
  /** What went wrong, in its own words. */
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } | null
  /** Topics heard while listening (at most 3 s): name, messages, newest payload cut at 500 characters, how it decodes. */
  readonly topics: readonly {
    readonly name: string
    readonly messages: number
    readonly text: string | null
    readonly readings: readonly Reading[]
    readonly undecodable: UndecodableReason | null
  }[]
}

/** What the status bar shows; always now, also while a page shows the past. */
export interface Status {
  readonly site: string
  readonly time: Millis
  readonly zone: string
  readonly demo: boolean
  readonly sources: readonly SourceRow[]
  readonly log: {
    readonly bytes: number
    readonly freeBytes: number
    /** Beyond this size the oldest files go. */
    readonly limitBytes: number
    /** Below this room on the disk the oldest files go, too. */
    readonly minFreeBytes: number
    /** Who lacks the oldest file, which should go but has to stay; null: nothing is held. */
    readonly heldBy: {
      /** Null: the views and the base made from them. */
      readonly destination: string | null
      /** It has everything before this one. */
      readonly offset: Offset
    } | null
    /** What is wrong with the log although everything is stored, and the way out; null: nothing is. */
    readonly trouble: { readonly message: string; readonly hint: string | null } | null
    /** Charts and past alerts of before it went, because the views passed their bound; null: none did. */
    readonly archiveFrom: Millis | null
    /** What the required destination lacks that is furthest behind, about; null: none is. It may fill the log up to its limit. */
    readonly unsent: { readonly destination: string; readonly bytes: number } | null
    /** What could not be carried over when the views were made again, in a sentence; null: nothing was lost. */
    readonly note: string | null
    readonly head: Offset
    readonly from: Millis | null
    readonly directory: string
  }
  readonly destinations: readonly Pick<DestinationRow, 'name' | 'state' | 'behindMs' | 'retryAt'>[]
  /** Null until it has begun. */
  readonly recorder: Recorder | null
  readonly cpuPercent: number
  readonly memoryBytes: number
  /** Threads that are not running, and why. */
  readonly stopped: readonly {
    readonly thread: string
    readonly since: Millis
    readonly message: string
    readonly restartAt: Millis | null
  }[]
  /** Generated history on its way into the log; null when there is none. */
  readonly preparing: { readonly what: string; readonly done: number } | null
}

type Call<In, Out> = { readonly in: In; readonly out: Out }

/** Every call of the one API. The input is checked at the border; errors come back as `ErrorData`. */
export interface Calls {
  status: Call<Record<string, never>, Status>
  bounds: Call<Record<string, never>, Bounds>
  health: Call<{ readonly at: At }, Health>
  devices: Call<
    {
      readonly at: At
      readonly sort: 'area' | 'worst'
      readonly filter: string
      readonly from: number
      readonly count: number
    },
    {
      readonly total: number
      readonly from: number
      readonly rows: readonly DeviceRow[]
      readonly areas: readonly { readonly area: string; readonly count: number }[]
    }
  >
  device: Call<{ readonly id: string; readonly at: At }, DeviceDetail>
  series: Call<
    {
      readonly series: readonly number[]
      readonly from: Millis
      readonly until: Millis
      readonly points: number
      readonly at: At
    },
    readonly Columns[]
  >
  messages: Call<
    {
      readonly device: string | null
      readonly before: Offset | null
      readonly limit: number
      readonly at: At
      readonly undecodable: boolean
    },
    { readonly rows: readonly MessageRow[]; readonly more: boolean; readonly next: Offset | null }
  >
  record: Call<{ readonly offset: Offset }, MessageRow>
  alerts: Call<
    { readonly at: At; readonly show: 'open' | 'history'; readonly device: string | null; readonly limit: number },
    { readonly rows: readonly AlertRow[]; readonly total: number; readonly lastClosed: Millis | null }
  >
  alert: Call<{ readonly id: string; readonly at: At }, AlertDetail>
  alertLoad: Call<{ readonly at: At }, AlertLoad>
  /** `until` null: the instant. `from` null: seven days before. */
  continuity: Call<{ readonly at: At; readonly from: Millis | null; readonly until: Millis | null }, Continuity>
  /** Of one device: the gaps of its source, and its own silences. */
  'continuity.device': Call<
    { readonly id: string; readonly at: At; readonly from: Millis | null; readonly until: Millis | null },
    DeviceCoverage
  >
  /** The same of every device that was known then, a page at a time, in the order of area and name. */
  'continuity.devices': Call<
    {
      readonly at: At
      readonly from: Millis | null
      readonly until: Millis | null
      readonly skip: number
      readonly limit: number
    },
    { readonly rows: readonly DeviceCoverage[]; readonly more: boolean }
  >
  /** Devices with silences of their own, those that were silent longest first. */
  'continuity.silent': Call<
    {
      readonly at: At
      readonly from: Millis | null
      readonly until: Millis | null
      readonly skip: number
      readonly limit: number
    },
    {
      readonly rows: readonly SilentRow[]
      readonly more: boolean
      /** Silences that ended before it were not looked at, because the span has more than 50,000; null: all were. */
      readonly since: Millis | null
    }
  >
  timeline: Call<{ readonly from: Millis; readonly until: Millis; readonly bins: number; readonly at: At }, Timeline>
  command: Call<
    { [K in keyof Commands]: { readonly name: K; readonly value: Commands[K] } }[keyof Commands],
    { readonly offset: Offset }
  >
  rules: Call<{ readonly at: At }, readonly Rule[]>
  /** Of each rule that had an alert. */
  'rules.use': Call<{ readonly at: At }, readonly RuleUse[]>
  detectors: Call<Record<string, never>, readonly DetectorInfo[]>
  /** In the order in which they were put; of two for one topic the last counts. */
  mappings: Call<{ readonly at: At }, readonly Mapping[]>
  /** The newest messages that a mapping is for, as they would be read with it. Throws bad_input where it cannot be understood. */
  'mapping.preview': Call<{ readonly mapping: Mapping; readonly limit: number }, readonly MessageRow[]>
  destinations: Call<Record<string, never>, readonly DestinationRow[]>
  ledger: Call<
    /** `before`: the id of the last row that was seen. */
    { readonly destination: string | null; readonly before: number | null; readonly limit: number },
    { readonly rows: readonly LedgerRow[]; readonly more: boolean }
  >
  lag: Call<
    { readonly from: Millis; readonly until: Millis; readonly points: number },
    readonly { readonly destination: string; readonly time: Float64Array; readonly behindMs: Float64Array }[]
  >
  outages: Call<Record<string, never>, readonly Outage[]>
  'sync.retryNow': Call<{ readonly destination: string }, null>
  /** A person chooses: it is never changed otherwise. Takes effect at once. */
  'sync.delivery': Call<
    { readonly destination: string; readonly delivery: Exclude<DestinationConfig['delivery'], 'auto'> },
    null
  >
  'sync.pause': Call<{ readonly destination: string; readonly paused: boolean }, null>
  'sync.createTopics': Call<{ readonly destination: string }, { readonly created: readonly string[] }>
  'sync.count': Call<{ readonly destination: string; readonly span: SpanBy }, SpanCount>
  /** Sends a span once more, each record with `edge-resend` and the id of the job, beside what is sent anyway. */
  'sync.sendAgain': Call<
    { readonly destination: string; readonly from: Offset; readonly to: Offset; readonly asideOnly: boolean },
    { readonly id: string }
  >
  /** Compares a span with what the destination holds. Null: from where it began, or the log begins; to what is confirmed. */
  'sync.check': Call<
    { readonly destination: string; readonly from: Offset | null; readonly to: Offset | null },
    { readonly id: string }
  >
  'sync.cancel': Call<{ readonly id: string }, null>
  /** Newest first. */
  'sync.jobs': Call<{ readonly limit: number }, readonly SyncJob[]>
  /** What is set aside and was not sent since, the oldest first; `after`: the id of the last row that was seen. `sendable`: how many the log holds. */
  'sync.aside': Call<
    { readonly destination: string; readonly after: number | null; readonly limit: number },
    { readonly rows: readonly AsideRow[]; readonly more: boolean; readonly sendable: number }
  >
  config: Call<Record<string, never>, Config>
  /** Secrets are written to the secret store and never come back. */
  'config.put': Call<
    { readonly config: Config; readonly secrets: readonly { readonly name: string; readonly value: string }[] },
    Config
  >
  'config.schema': Call<Record<string, never>, { readonly [key: string]: unknown }>
  probe: Call<
    {
      readonly source: SourceConfig
      readonly password: string | null
      /** Of its key. */
      readonly passphrase?: string | null
      readonly listenMs: number
    },
    ProbeResult
  >
}
export type CallName = keyof Calls

/** The calls that read views and log alone. With the same log and the same `at` they answer the same. */
export const readCalls = [
  'bounds',
  'health',
  'devices',
  'device',
  'series',
  'messages',
  'record',
  'alerts',
  'alert',
  'alertLoad',
  'continuity',
  'continuity.device',
  'continuity.devices',
  'continuity.silent',
  'timeline',
  'rules',
  'rules.use',
  'mappings',
  'mapping.preview',
] as const satisfies readonly CallName[]
export type ReadCall = (typeof readCalls)[number]

/** What the core says without being asked, at most twice a second each. */
export interface Pushes {
  /** Views hold everything up to `offset`; ask again for what is on the screen. */
  views: { readonly offset: Offset; readonly time: Millis; readonly alerts: number }
  status: Status
  sync: { readonly time: Millis }
}
export type PushName = keyof Pushes

/** A side of the API: what the renderer holds, and what Electron's port and the WebSocket both carry. */
export interface Api {
  call<K extends CallName>(name: K, input: Calls[K]['in'], signal?: AbortSignal): Promise<Calls[K]['out']>
  on<K extends PushName>(name: K, listen: (push: Pushes[K]) => void): () => void
}
