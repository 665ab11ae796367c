import { parentPort, workerData } from 'node:worker_threads'
import { brokerSource } from '../config/settings.ts'
import { zoneChanges } from '../config/zone.ts'
import { FieldError } from '../contract/errors.ts'
import type { Commands, Millis } from '../contract/model.ts'
import type { Capture } from '../ingest/capture.ts'
import { startCapture } from '../ingest/capture.ts'
import { historyStart } from '../ingest/demo/history.ts'
import { mappingOf } from '../ingest/file/mapping.ts'
import { givenUpRecord } from '../ingest/given-up.ts'
import { linkRecord } from '../ingest/mqtt/source.ts'
import type { Appending } from '../log/log.ts'
import { openLog } from '../log/log.ts'
import type { Lost, Reader } from '../log/retention.ts'
import { listSnapshots, dropSnapshot as removeSnapshot } from '../views/snapshot.ts'
import { openLoopDelay } from './loop-delay.ts'
import { prepareHistory } from './prepare.ts'
import type { FromIngest, IngestData, IngestSide, Wanted } from './protocols.ts'
import { openChannel } from './thread.ts'

// The only writer of the log: what brokers send, what people do, and what happens to the links.

const tellEvery: Millis = 500
const letGoEvery: Millis = 2_000
const measureEvery: Millis = 1_000
/** Some thousand records and the end of the session: more than a stop ever holds. */
const reserveBytes = 4_194_304

const { logDir, segmentBytes, lingerMs, prepare, zone, snapshots, ...begun } = workerData as IngestData // made by the host, which is typed the same
const log = openLog(logDir, { segmentBytes, reserveBytes })
const ending = new AbortController()
const captures = new Map<string, string>()
/** One change after the other: the last one wins whole. */
let changing: Promise<void> = Promise.resolve()
let { bounds } = begun
/** Null: not told yet, so anybody may need anything. */
let readers: readonly Reader[] | null = null
/** What has to be said in the log of records that went. */
const owed: Appending[] = []
let measuring: NodeJS.Timeout | undefined
const loopDelay = openLoopDelay()
let letting: Promise<void> = Promise.resolve()

const host = openChannel<FromIngest, IngestSide>(parentPort!, {
  asks: {
    command: async ({ name, value }) => {
      const { first } = (await captured()).append([command(Date.now(), name, value)])
      return { offset: first }
    },
    link: async (event) => {
      const { first } = (await captured()).append([linkRecord(Date.now(), '', event, null)])
      return { offset: first }
    },
    sources: async (wanted) => {
      changing = changing.catch(() => undefined).then(async () => change(await captured(), wanted))
      await changing
      return null
    },
    stop: async () => {
      ending.abort()
      clearInterval(retention)
      clearInterval(measuring)
      await letting
      log.lastWords()
      await (await capturing)?.stop()
      log.close()
      return null
    },
  },
  tells: {
    bounds: (changed) => {
      bounds = changed
    },
    readers: (changed) => {
      readers = changed
    },
    unborn: ({ source, topic }) => void captured().then((capture) => capture.lacksBirth(source, topic)),
  },
})
const retention = setInterval(() => {
  letting = letting.then(letGo)
}, letGoEvery)
host.tell('ready', { head: log.head, time: log.lastTime })
const capturing = begin()

/** History comes before capture: the clock of the log never goes back. Null: stopped in the middle of it, to go on at the next start. */
async function begin(): Promise<Capture | null> {
  if (prepare !== null) {
    if (log.head === 0) log.append([command(historyStart(prepare), 'zone', { name: zone })])
    await prepareHistory(log, prepare, tellPreparing(), ending.signal)
  }
  tellHead()
  if (ending.signal.aborted) return null
  host.tell('preparing', null)
  const capture = startCapture({
    log,
    now: Date.now,
    linger: lingerMs,
    onHead: tellHead,
    onStatus: (rows) => host.tell('sources', rows),
  })
  measuring = setInterval(() => host.tell('measures', { ...capture.measures(), loopMs: loopDelay() }), measureEvery)
  capture.append([command(Date.now(), 'zone', { name: zone })]) // the file may have been changed meanwhile
  return capture
}

async function letGo(): Promise<void> {
  const trouble = log.trouble()
  host.tell('trouble', trouble === null ? null : { message: trouble.message, hint: trouble.hint })
  if (readers === null) return
  const lost = (one: Lost) => owed.push(givenUpRecord(Date.now(), one))
  host.tell('held', await log.letGo(bounds, readers, { dropSnapshot, lost }))
  if (owed.length > 0) await say()
}

/** At a later look where the disk takes nothing now. */
async function say(): Promise<void> {
  try {
    ;(await captured()).append(owed)
    owed.length = 0
  } catch (error) {
    if (!(error instanceof FieldError)) throw error
  }
}

/** The oldest: what is of late is looked at most. */
function dropSnapshot(): boolean {
  const [oldest] = listSnapshots(snapshots)
  if (oldest !== undefined) removeSnapshot(snapshots, oldest.next)
  return oldest !== undefined
}

/** A source that changed in anything is taken out and put in again, with the session of its broker; one that did not goes on undisturbed. */
async function change(capture: Capture, { sources, files, broker }: Wanted): Promise<void> {
  const next = new Map(sources.map((one) => [one.source.name, JSON.stringify(one)]))
  for (const file of files) next.set(file.name, JSON.stringify(file))
  if (broker !== null) next.set(brokerSource, JSON.stringify(broker))
  for (const [name, as] of captures) {
    if (next.get(name) === as) continue
    captures.delete(name)
    await capture.endSource(name, next.has(name) ? 'settings changed' : 'removed')
  }
  for (const { source, password, passphrase } of sources) {
    if (captures.has(source.name)) continue
    capture.addSource(source, password, passphrase)
    captures.set(source.name, next.get(source.name)!)
  }
  for (const file of files) {
    if (captures.has(file.name)) continue
    if (file.pattern !== null) capture.append([command(Date.now(), 'mapping.put', mappingOf(file))])
    capture.addFile(file)
    captures.set(file.name, next.get(file.name)!)
  }
  if (broker === null || captures.has(brokerSource)) return
  capture.addBroker(broker.config, broker.password)
  captures.set(brokerSource, next.get(brokerSource)!)
}

async function captured(): Promise<Capture> {
  const capture = await capturing
  if (capture === null) throw new FieldError('stopped', 'the recorder is stopping')
  return capture
}

function tellPreparing(): (done: number) => void {
  let told = 0
  return (done) => {
    if (Date.now() - told < tellEvery) return
    told = Date.now()
    host.tell('preparing', { what: 'three days of history for the demo plant', done })
    tellHead()
  }
}

function tellHead(): void {
  host.tell('head', { head: log.head, time: log.lastTime })
}

function command(time: Millis, name: string, value: unknown): Appending {
  const written = name === 'zone' ? withChanges(value as Commands['zone']) : value // checked by the host
  return { time, kind: 'command', source: '', name, bytes: Buffer.from(JSON.stringify(written)) }
}

/** The path asks no machine for its time zones: what it needs of them is in the log. */
function withChanges({ name }: Commands['zone']): Commands['zone'] {
  return { name, changes: zoneChanges(name) }
}
