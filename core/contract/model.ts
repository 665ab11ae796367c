/** Position of a record in the log: 0, 1, 2, ... without holes. */
export type Offset = number
/** Milliseconds since 1970 UTC. */
export type Millis = number

export const kinds = ['message', 'tick', 'command', 'link'] as const
export type Kind = (typeof kinds)[number]

/** Where a message came from: the source (one broker connection, `import`, `demo`) and its topic. */
export interface Topic {
  readonly source: string
  readonly name: string
}

/**
 * One record of the log.
 *
 * message: `topic` is the MQTT topic, `bytes` its payload as it came.
 * tick: no topic, no bytes; says that time has reached `time`.
 * command: `topic.name` is a key of `Commands`, `bytes` its JSON. `topic.source` is empty.
 * link: `topic.name` is a `LinkEvent`, `topic.source` the connection it is about (empty: the whole installation), `bytes` JSON `{detail, cause, refused, held, unkept}`: words, for `down` a `GapCause` or null, for `up` the topic filters that the broker refuses, whether all that was sent meanwhile is still to come, and why nothing of it is.
 */
export interface LogRecord {
  readonly offset: Offset
  readonly time: Millis
  readonly kind: Kind
  readonly topic: Topic
  readonly qos: 0 | 1 | 2
  readonly retained: boolean
  /** The broker sent this message before (MQTT DUP). It is a record of its own, marked. */
  readonly repeat: boolean
  readonly bytes: Uint8Array
  /** What MQTT 5 says beside the payload; null when it says nothing. */
  readonly meta: MessageMeta | null
}

/** What the sender said about a message (MQTT 5). */
export interface MessageMeta {
  readonly contentType: string | null
  /** User properties, in their order; a name may come more than once. */
  readonly properties: readonly (readonly [name: string, value: string])[]
  readonly responseTopic: string | null
  /** Base64. */
  readonly correlation: string | null
  /** Seconds that the message had left to live when it came. */
  readonly expirySeconds: number | null
}

/**
 * `dropped`: QoS 0 messages were, while the disk took none: those that a person allows, or at a stop. `left out`: messages
 * came whose topics a person excludes. `bytes` also counts them by topic filter, in `dropped` or `leftOut`. `given up`: log files went, for room, that a
 * destination lacked; `bytes` also says which.
 */
export const linkEvents = [
  'started',
  'stopped',
  'up',
  'down',
  'asleep',
  'awake',
  'dropped',
  'left out',
  'given up',
] as const
export type LinkEvent = (typeof linkEvents)[number]

/** Why nothing came, or was kept, for a while; in the words that a person reads. */
export const gapCauses = [
  /** Stopped in order, and not started again yet. */
  'not running',
  /** It ended without a stop: a crash, a kill, a power cut. */
  'crashed',
  'asleep',
  'broker link down',
  'refused by broker',
  'disk full',
  /** A person changed the source, which is connected anew. Where its session stood and held everything there is no gap. */
  'settings changed',
  /** The broker had no session of us when we came back: what was sent meanwhile is lost, whatever kept us away. */
  'broker kept nothing',
  /** A person removed the source: nothing is expected from it. */
  'removed',
  /** The link was there, and nothing came for much longer than usual. */
  'source silent',
  /** As `source silent`, of one device. */
  'device silent',
  /** Records are in the log and cannot be read. */
  'damaged',
  /** Records were there, and retention dropped them. */
  'no longer kept',
] as const
export type GapCause = (typeof gapCauses)[number]

export const priorities = [1, 2, 3] as const
/** 1 critical, 2 warning, 3 advisory. */
export type Priority = (typeof priorities)[number]

export const mappingFormats = ['json', 'csv', 'pattern', 'protobuf', 'avro'] as const

/** How a person says that messages are to be read, in place of what the program makes of them. */
export interface Mapping {
  readonly id: string
  /** MQTT topic filter of the messages. */
  readonly topics: string
  readonly format: (typeof mappingFormats)[number]
  /** The text of the .proto file, the JSON of the Avro schema, or the pattern of a line; else null. */
  readonly schema: string | null
  /** CSV: the names of its columns; null: its first line has them. */
  readonly columns: readonly string[] | null
  readonly separator: ',' | ';' | '\t' | null
  /** Path of the list that holds the rows; null: the message is a row, or a list of them. */
  readonly rows: string | null
  /** Names hold `{2}` for the second level of the topic and `{machine}` for a field. Null: the topic. */
  readonly device: string | null
  /** Null: every field is a signal. */
  readonly signals: readonly { readonly signal: string; readonly field: string; readonly unit: string | null }[] | null
  /** Unit of the signals that have none of their own. */
  readonly unit: string | null
  /** Path of the time; null: arrival. */
  readonly time: string | null
  /** Rows with another quality than these are left out, and counted. */
  readonly quality: { readonly field: string; readonly good: readonly string[] } | null
  /** It counts for records from here on, at the latest from its own. Where that is before it, what is kept is read again. */
  readonly from: Offset
  readonly version: number
}

/** From when on a zone is how far from UTC, milliseconds both, in order; before the first it is as after it. */
export type ZoneChanges = readonly (readonly [Millis, Millis])[]

/** What a person does. Each is a record in the log, so a replay knows it too. */
export interface Commands {
  'rule.put': Rule
  'rule.delete': { readonly id: string }
  ack: OnAlerts & { readonly note: string | null }
  /** `until` is log time; a shelf always ends. */
  shelve: OnAlerts & { readonly until: Millis; readonly note: string | null }
  unshelve: OnAlerts
  mark: {
    readonly id: string
    readonly seen?: readonly SeenAlert[]
    readonly useful: boolean
    readonly by: string
  }
  /** What the series does now is normal: its alerts about that end, and it is learned anew from here. */
  normal: { readonly series: number; readonly of?: SeriesRef; readonly by: string }
  /** How a series is called from here on; null: as its messages say. The whole of it, so the one before undoes it. */
  'series.put': Omit<Named, 'guess'> & {
    readonly series: number
    readonly of?: SeriesRef
    readonly intoOf?: SeriesRef
    readonly by: string
  }
  note: { readonly device: string; readonly text: string; readonly by: string }
  bookmark: { readonly at: Millis; readonly text: string; readonly by: string }
  'mapping.put': Mapping
  'mapping.delete': { readonly id: string }
  'maintenance.put': Maintenance
  'maintenance.end': { readonly id: string; readonly by: string }
  /** Out of service until a person puts it back; it stays so through every maintenance. */
  service: { readonly device: string; readonly out: boolean; readonly note: string | null; readonly by: string }
  /** Without `changes`, as older logs have it, times that name no zone are read as UTC. */
  zone: { readonly name: string; readonly changes?: ZoneChanges }
}
export type CommandName = keyof Commands

interface OnAlerts {
  readonly ids: readonly string[]
  readonly seen?: readonly SeenAlert[]
  readonly by: string
}

/**
 * An alert as a person saw it, kept with what the person did. Where the log is read otherwise than then, it is the alert
 * of the same rule and signal that holds at the same time.
 */
export type SeenAlert = Pick<Alert, 'id' | 'rule' | 'device' | 'signal' | 'since' | 'until'>

/** A series by what its messages say. Its number may be another one where the log is read otherwise. */
export type SeriesRef = Pick<Series, 'device' | 'signal' | 'type'>

/** Planned work: while it lasts, alerts about its devices are recorded and call nobody. It always ends. */
export interface Maintenance {
  readonly id: string
  /** By exact name, or `*` for all. */
  readonly devices: readonly string[]
  /** Log time. */
  readonly from: Millis
  readonly until: Millis
  readonly note: string | null
  readonly by: string
}

/** Which series a rule looks at, by exact name or `*`. */
export interface Scope {
  readonly device: string
  readonly signal: string
}

export interface Rule {
  readonly id: string
  readonly name: string
  /** Id of a detector in the registry: `band`, `limits`, `silence`. */
  readonly detector: string
  readonly scope: Scope
  readonly params: Readonly<Record<string, number>>
  /** States that the detector looks for, where it looks for states. */
  readonly states?: readonly string[]
  /** Another signal of the same device, where the detector compares two. */
  readonly other?: string
  readonly priority: Priority
  /** The condition must last this long, in event time. */
  readonly holdMs: Millis
  /** Back in order for this long before the alert returns to normal. */
  readonly clearMs: Millis
  /** Stays active until somebody acknowledges it, also when its condition has ended before. */
  readonly latch?: boolean
  readonly enabled: boolean
  readonly version: number
}

export type SeriesType = 'number' | 'boolean' | 'text'

export interface Series {
  readonly id: number
  readonly device: string
  readonly signal: string
  readonly unit: string | null
  readonly type: SeriesType
  /** Offset of the record in which it was first seen, and its log time. */
  readonly first: Offset
  readonly since: Millis
}

/** What a series is called beside what its messages say; null: nothing else. */
export interface Named {
  readonly name: string | null
  /** A person said so. */
  readonly unit: string | null
  /** A guess by its name and the size of its values, where its messages name no unit. */
  readonly guess: string | null
  /** Its readings count as those of this series of the same type, with one baseline and one chart; of another device, as that one's. */
  readonly into: number | null
}

/** Regular: nearly every gap is like the usual one. Bursts: several readings at once, then none for long. */
export const cadences = ['regular', 'on change', 'bursts'] as const
export type Cadence = (typeof cadences)[number]

/** Where a series stands against what is usual for it. Null: not learned yet. */
export interface Band {
  readonly low: number
  readonly high: number
}

export const alertPhases = [
  'opened',
  'returned',
  'reopened',
  'latched',
  'acknowledged',
  'shelved',
  'unshelved',
  'suppressed',
  'unsuppressed',
  'revised',
  'marked',
  'forgotten',
] as const
export type AlertPhase = (typeof alertPhases)[number]

/** One line in the journal of an alert. */
export interface Transition {
  readonly alert: string
  readonly phase: AlertPhase
  /** The record at which the path decided it. */
  readonly offset: Offset
  /** Event time for opened, returned, revised; log time for what people do. */
  readonly time: Millis
  readonly by: string | null
  readonly note: string | null
}

export interface Evidence {
  readonly offset: Offset
  /** Event time of what it says; log time where it is about a device or a source. */
  readonly time: Millis
  /** Null: it is a text, or no reading. */
  readonly value: number | null
  /** Another signal of the device that the alert compares with; null: the signal of the alert. */
  readonly signal: string | null
}

/** Computed by the path when the alert opens, and kept. */
export interface Explanation {
  /** What was observed: the value that lies furthest out, or for silence and texts null. It is in the evidence. */
  readonly observed: number | null
  /** As of the record at which it opened, from what was learned before it. */
  readonly expected: Band | null
  /** Why that band, in words: "Tuesdays 14-15 h, 7 days learned". Never more than was learned. */
  readonly why: string
  /** So many readings were learned for each time that it was this far out, this time counted; null when it is not known. */
  readonly rarity: number | null
  /** Readings the expectation was learned from, and UTC days on which they came: never one too many. Of a clock: messages. */
  readonly learnedReadings: number
  readonly learnedDays: number
  /** For silence: the usual gap and the limit, milliseconds. */
  readonly usualGapMs: Millis | null
  readonly limitMs: Millis | null
  /** Other series of the device: shift in sigma, and lead (negative: earlier) against the start. */
  readonly moved: readonly {
    readonly series: number
    readonly signal: string
    readonly sigma: number
    readonly leadMs: Millis | null
    /** The record with which it left its usual place, and the one in which it was furthest from it. */
    readonly first: Offset
    readonly furthest: Offset
  }[]
  /** The records that its figures are made of, beside those of the model: the first of the condition, the one observed, the newest. */
  readonly evidence: readonly Evidence[]
  /** The newest record the model had learned from, and the oldest. */
  readonly modelFrom: Offset
  readonly modelTo: Offset
}

export interface Alert {
  /**
   * `rule:device/signal:offset` of the record at which it opened; `device` alone for a silent one. Never changes, and is
   * the same whenever the log is read.
   */
  readonly id: string
  readonly rule: string
  readonly ruleVersion: number
  readonly detector: string
  readonly detectorVersion: number
  readonly title: string
  readonly device: string
  /** Null when the alert is about a whole device or a source. */
  readonly series: number | null
  readonly signal: string | null
  readonly unit: string | null
  readonly priority: Priority
  readonly opened: Offset
  /** Event time at which the condition began. */
  readonly since: Millis
  /** Event time at which it returned to normal. Null: still active. */
  readonly until: Millis | null
  /** It is about readings that came more than 10 minutes after their time; never notifies. */
  readonly historical: boolean
  /** It was historical, and still active when its readings became live: so it says when it calls. */
  readonly already: boolean
  readonly acknowledged: { readonly at: Millis; readonly by: string; readonly note: string | null } | null
  readonly shelvedUntil: Millis | null
  /** Id of the alert that its incident began with; null: it began one itself, or stands alone. */
  readonly incident: string | null
  /** A person put it aside beforehand. */
  readonly suppressed: Suppression | null
  /** It is worth calling a person: live, not put aside, and the first of its incident or more urgent than those before. */
  readonly calls: boolean
  /** The record at which it last began to call; null: it never did. */
  readonly called: Offset | null
  /** Event time at which the condition of a latched alert ended; null: it holds, or the alert is not latched. */
  readonly latched: Millis | null
  /** How many times it came back so soon that it was opened again instead of a new one. */
  readonly reopened: number
  /** Over though nobody acknowledged it: a thousand others have returned since. */
  readonly forgotten?: boolean
  readonly explanation: Explanation
}

export type Suppression = 'maintenance' | 'out of service'

/** A reading, as it leaves the decoder. */
export interface Reading {
  readonly offset: Offset
  /** Position in its message, from 0. */
  readonly index: number
  readonly device: string
  readonly signal: string
  /** Event time. */
  readonly time: Millis
  readonly value: number | string | boolean
  readonly unit: string | null
}

/** Why a message could not be decoded. */
export const undecodableReasons = [
  'not_text',
  'not_json',
  'too_large',
  'too_many_series',
  'too_deep',
  'not_finite',
  'no_value',
  'empty',
  'not_as_mapped',
  'not_sparkplug',
  'sparkplug_no_birth',
  'bad_quality',
] as const
export type UndecodableReason = (typeof undecodableReasons)[number]
