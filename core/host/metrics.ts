import type { DestinationRow, Status } from '../contract/calls.ts'
import type { Millis } from '../contract/model.ts'
import type { Measures } from '../ingest/capture.ts'
import { bounds, type Counts } from '../ingest/histogram.ts'

/** What the metrics are made from, as of now. */
export interface Watched {
  readonly version: string
  readonly status: Status
  readonly destinations: readonly DestinationRow[]
  readonly measures: Measures | null
  /** Open alerts. */
  readonly alerts: number
  readonly writtenBytes: number
  readonly cpuSeconds: number
  readonly loopMs: { readonly [thread: string]: Millis }
  readonly restarts: { readonly [thread: string]: number }
}

type Labels = { readonly [name: string]: string }
type Sample = readonly [labels: Labels, value: number]

/** For Prometheus: text exposition format 0.0.4. A counter begins anew when the program does. */
export function metricsText(watched: Watched): string {
  return [...families(watched)].join('')
}

function* families(watched: Watched): Iterable<string> {
  const { status, measures } = watched
  yield gauge('build_info', 'Version of the program.', [[{ version: watched.version }, 1]])
  if (measures !== null) yield* captured(measures)
  yield gauge(
    'source_up',
    'Whether the broker of a source is connected.',
    status.sources.map((source) => [{ source: source.name }, source.state === 'up' ? 1 : 0]),
  )
  yield* disk(watched)
  yield* threads(watched)
  yield* sent(watched.destinations)
  yield gauge('open_alerts', 'Alerts that are open.', one(watched.alerts))
}

function* captured({ time, taken, dropped, commits, delays, queue }: Measures): Iterable<string> {
  yield gauge(
    'recorder_heard_seconds',
    'Unix time at which the recorder spoke last: each second, unless the disk or the machine holds it.',
    one(time / 1_000),
  )
  const bySource = (of: 'messages' | 'bytes') => taken.map((each): Sample => [{ source: each.source }, each[of]])
  yield counter('messages_total', 'Messages taken from brokers.', bySource('messages'))
  yield counter('message_bytes_total', 'Bytes of those messages, without their topics.', bySource('bytes'))
  yield counter(
    'dropped_messages_total',
    'QoS 0 messages dropped at the bound of the queue, by the topic filter that allows it.',
    dropped.map(({ source, topics, messages }) => [{ source, topics }, messages]),
  )
  yield histogram('commit_seconds', 'Duration of a durable commit of the log.', commits)
  yield histogram('acknowledge_seconds', 'From the arrival of a message until its acknowledgement is written.', delays)
  yield gauge('queue_bytes', 'Memory of the messages that wait for the disk.', one(queue.bytes))
  yield gauge('queue_messages', 'Messages that wait for the disk.', one(queue.messages))
  yield gauge('queue_limit_bytes', 'At this size nothing more is read.', one(queue.maxBytes))
  yield gauge('reading_paused', 'Whether nothing is read, because the queue is full.', one(queue.pausedSince ? 1 : 0))
}

function* disk({ status, writtenBytes }: Watched): Iterable<string> {
  const { log, recorder } = status
  yield counter('log_records_total', 'Records in the log since it began.', one(log.head))
  yield gauge('log_bytes', 'Size of the log on disk.', one(log.bytes))
  yield gauge('log_limit_bytes', 'Beyond this size the oldest files go.', one(log.limitBytes))
  yield gauge('log_unsent_bytes', 'Of the log, what a required destination lacks.', one(log.unsent?.bytes ?? 0))
  yield gauge('disk_free_bytes', 'Room on the disk of the log.', one(log.freeBytes))
  yield counter('disk_written_bytes_total', 'Bytes handed to the disk since the start.', one(writtenBytes))
  if (recorder === null) return
  yield gauge('wal_bytes', 'Write-ahead files of log, views and ledger.', one(recorder.walBytes))
  if (recorder.logPerDay !== null)
    yield gauge('log_growth_bytes_per_second', 'Growth of the log over hours.', one(recorder.logPerDay / 86_400))
  if (recorder.runwayDays !== null)
    yield gauge(
      'log_runway_seconds',
      'Time until the log meets its limit or the disk is full, at that growth.',
      one(recorder.runwayDays * 86_400),
    )
}

function* threads({ status, loopMs, restarts, cpuSeconds }: Watched): Iterable<string> {
  const each = (of: { readonly [thread: string]: number }, scale = 1) =>
    Object.entries(of).map(([thread, value]): Sample => [{ thread }, value * scale])
  const stopped = new Set(status.stopped.map(({ thread }) => thread))
  yield gauge('thread_up', 'Whether a thread runs.', [
    ...Object.keys(restarts).map((thread): Sample => [{ thread }, stopped.has(thread) ? 0 : 1]),
  ])
  yield counter('thread_restarts_total', 'Times that a thread fell and was started again.', each(restarts))
  yield gauge('loop_delay_seconds', 'How late a thread comes to what is due, 99th percentile.', each(loopMs, 0.001))
  yield counter('cpu_seconds_total', 'Processor time of all threads.', one(cpuSeconds))
  yield gauge('memory_bytes', 'Resident memory of the program.', one(status.memoryBytes))
}

function* sent(destinations: readonly DestinationRow[]): Iterable<string> {
  const each = (value: (row: DestinationRow) => number) =>
    destinations.map((row): Sample => [{ destination: row.name }, value(row)])
  yield gauge(
    'destination_behind_seconds',
    'Age of the oldest record not sent.',
    each((row) => row.behindMs / 1_000),
  )
  yield gauge(
    'destination_waiting_records',
    'Records not sent yet.',
    each((row) => row.waiting),
  )
  yield counter(
    'destination_confirmed_records_total',
    'Confirmed by the cluster.',
    each((row) => row.confirmed.records),
  )
  yield counter(
    'destination_maybe_twice_total',
    'Records marked as maybe sent twice.',
    each((row) => row.maybeTwice),
  )
  yield counter(
    'destination_set_aside_total',
    'Records that the cluster rejected.',
    each((row) => row.deadLetters),
  )
}

function one(value: number): readonly Sample[] {
  return [[{}, value]]
}

function gauge(name: string, help: string, samples: readonly Sample[]): string {
  return family(
    name,
    help,
    'gauge',
    samples.map(([labels, value]) => line(name, labels, value)),
  )
}

function counter(name: string, help: string, samples: readonly Sample[]): string {
  return family(
    name,
    help,
    'counter',
    samples.map(([labels, value]) => line(name, labels, value)),
  )
}

/** Three buckets a decade, of the ten that are counted. */
function histogram(name: string, help: string, { bins, sum }: Counts): string {
  const lines: string[] = []
  let below = 0
  for (const [i, n] of bins.entries()) {
    below += n
    const bound = bounds[i]
    if (bound === undefined) lines.push(line(`${name}_bucket`, { le: '+Inf' }, below))
    else if ([0, 3, 7].includes(i % 10))
      lines.push(line(`${name}_bucket`, { le: String(Number((bound / 1_000).toPrecision(3))) }, below))
  }
  return family(name, help, 'histogram', [
    ...lines,
    line(`${name}_sum`, {}, sum / 1_000),
    line(`${name}_count`, {}, below),
  ])
}

/** Nothing to say is no family. */
function family(name: string, help: string, type: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  return `# HELP fieldwatch_${name} ${help}\n# TYPE fieldwatch_${name} ${type}\n${lines.join('')}`
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `fieldwatch_${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
}

function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`))
}
