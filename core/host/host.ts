import { existsSync } from 'node:fs'
import { readConfig, refuseMissing, writeConfig } from '../config/file.ts'
import type { Secrets } from '../config/secrets.ts'
import { brokerSecret, fileSecrets, passphraseName, secretName, withEnvironment } from '../config/secrets.ts'
import { sourceOf } from '../config/settings.ts'
import type { Config, DestinationRow, SourceConfig, SourceRow, Status } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import { type Bounds, limitBytes } from '../log/retention.ts'
import { refuseNewer } from '../log/segment.ts'
import type { DestinationWithPassword } from '../sync/forward.ts'
import { refuseNewerState } from '../sync/state-file.ts'
import { switchIn } from '../views/next.ts'
import { openAccess, openMetricsToken } from './access.ts'
import { answersOf } from './answers.ts'
import { dispatch } from './calls.ts'
import type { KeptPlan } from './demo-plan.ts'
import { demoPlan, keepPlan } from './demo-plan.ts'
import { openDoor } from './door.ts'
import { History } from './history.ts'
import type { Metrics, Page } from './http.ts'
import { servePage } from './http.ts'
import { takeLock } from './lock.ts'
import { openLoopDelay } from './loop-delay.ts'
import type { Meters } from './meters.ts'
import { noMeters, openMeters } from './meters.ts'
import { metricsText } from './metrics.ts'
import { rendererRoot } from './package.ts'
import type { Places } from './paths.ts'
import { placesIn } from './paths.ts'
import type {
  DemoSide,
  ForwardSide,
  FromDemo,
  FromForward,
  FromIngest,
  FromQuery,
  FromStream,
  Head,
  IngestSide,
  QuerySide,
  SourceWithPassword,
  StreamSide,
  ViewsAt,
} from './protocols.ts'
import type { Listeners } from './pushes.ts'
import { openListeners } from './pushes.ts'
import { RecorderWatch } from './recorder.ts'
import type { Core } from './session.ts'
import type { Stoppable, Stopped, Thread } from './supervise.ts'
import { startThread } from './supervise.ts'

export interface HostOptions {
  readonly dataDir: string
  /** One that is there. Default: config.json in the data directory, which may not be there yet. */
  readonly configFile?: string
  /** The demo plant: always, or when there is no configuration yet. Default: as the configuration says. */
  readonly demo?: 'always' | 'when-empty'
  /** Default: a file of mode 0600 in the data directory, under the environment. */
  readonly secrets?: Secrets
  readonly version: string
  readonly now?: () => Millis
  /** Serve the page on loopback. Null port: the configured one, or any free one when that is taken. */
  readonly page?: { readonly port: number | null; readonly root?: string }
}

export interface Host {
  /** What sessions are opened on: every page, over any wire. */
  readonly api: Core
  readonly version: string
  /** Link with the token that is open now; null without a page. */
  url(): string | null
  /** Writes what happened to the machine into the log, so that a gap has its cause. Resolves when it is durable. */
  link(event: 'asleep' | 'awake'): Promise<unknown>
  /** Threads that could not be started, and why. */
  stopped(): readonly Stopped[]
  /** Ends everything in the reverse order of its start. May be called more than once. */
  stop(): Promise<void>
}

/**
 * Takes the data directory and starts everything, in order. Throws FieldError `log_locked` when another
 * program has the directory, `log_newer` when a newer one wrote it, `config_invalid` when the file is wrong. When a thread cannot start, the host
 * is there all the same, so that its page can say why.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const { log, state } = placesIn(options.dataDir)
  refuseNewer(log)
  refuseNewerState(state)
  if (options.configFile !== undefined) refuseMissing(options.configFile)
  const release = takeLock(options.dataDir)
  const host = made(options, release)
  try {
    await host.start()
    return host
  } catch (error) {
    await host.stop() // what runs already would keep the process alive, and capture without a page
    throw error
  }
}

function made(options: HostOptions, release: () => void): RunningHost {
  try {
    return new RunningHost(options, release)
  } catch (error) {
    release()
    throw error
  }
}

const statusEvery: Millis = 1_000
const metersEvery: Millis = 5_000

export class RunningHost implements Host {
  readonly api: Core
  readonly version: string
  readonly places: Places
  readonly now: () => Millis
  readonly secrets: Secrets
  readonly configFile: string
  config: Config
  views: ViewsAt = { offset: 0, saved: 0, time: 0, archiveFrom: null, alerts: 0, catchingUp: null }
  rows: readonly DestinationRow[] = []
  ingest!: Thread<IngestSide>
  query!: Thread<QuerySide>
  forward!: Thread<ForwardSide>
  readonly history: History
  private readonly options: HostOptions
  private readonly release: () => void
  private readonly listeners: Listeners = openListeners()
  private readonly readMeters: () => Promise<Meters>
  private stream!: Thread<StreamSide>
  private demo: Thread<DemoSide> | null = null
  private plan: KeptPlan | null = null
  private demoUrl: string | null = null
  private head: Head = { head: 0, time: 0 }
  /** Where the log ended when this program took it. */
  private taken: Offset | null = null
  private sources: readonly SourceRow[] = []
  private preparing: Status['preparing'] = null
  private meters: Meters = noMeters
  private readonly recorder = new RecorderWatch()
  private readonly loopDelay = openLoopDelay()
  private ingestLoopMs: Millis = 0
  private held: Status['log']['heldBy'] = null
  private trouble: Status['log']['trouble'] = null
  private note: string | null = null
  private oldest: Millis | null = null
  private first: Offset = 0
  private page: Page | null = null
  private shutDoor = (): void => {}
  private readonly timers: NodeJS.Timeout[] = []
  private ended: Promise<void> | null = null

  constructor(options: HostOptions, release: () => void) {
    this.options = options
    this.release = release
    this.version = options.version
    this.now = options.now ?? Date.now
    this.places = placesIn(options.dataDir)
    this.configFile = options.configFile ?? this.places.config
    this.config = readConfig(this.configFile)
    // A file says what a person wants, also when that is no demo.
    if (options.demo === 'always' || (options.demo === 'when-empty' && !existsSync(this.configFile)))
      this.config = { ...this.config, demo: true }
    this.secrets = withEnvironment(options.secrets ?? fileSecrets(this.places.secrets), process.env)
    this.readMeters = openMeters(options.dataDir, this.places.log, this.now)
    this.history = this.readsAgain()
    const answers = answersOf(this)
    this.api = {
      answer: (name, input, signal) => dispatch(answers, name, input, signal),
      listen: (heard) => this.listen(heard),
    }
  }

  async start(): Promise<void> {
    await this.withPasswords() // a secret that cannot be read is said now
    if (this.config.demo) this.plan = demoPlan(this.places.demo, this.now(), existsSync(this.places.log))
    await this.startIngest()
    switchIn(this.places.views) // where it was cut off
    await this.startStream()
    await this.startQuery()
    this.startForward()
    await this.readSlowMeters()
    this.timers.push(setInterval(() => this.pushStatus(), statusEvery))
    this.timers.push(setInterval(() => void this.readSlowMeters(), metersEvery))
    await this.startPage()
  }

  url(): string | null {
    return this.page?.url() ?? null
  }

  link(event: 'asleep' | 'awake'): Promise<unknown> {
    return this.ingest.ask('link', event)
  }

  stopped(): readonly Stopped[] {
    return this.threads()
      .map((thread) => thread.stopped())
      .filter((why) => why !== null)
  }

  stop(): Promise<void> {
    this.ended ??= this.stopAll()
    return this.ended
  }

  status(): Status {
    const log = this.logStatus()
    return {
      site: this.config.site,
      time: this.now(),
      zone: this.config.zone,
      demo: this.config.demo,
      sources: this.sources,
      log,
      destinations: this.rows.map(({ name, state, behindMs, retryAt }) => ({ name, state, behindMs, retryAt })),
      recorder: this.recorder.row(this.now(), log, this.head.time),
      cpuPercent: this.meters.cpuPercent,
      memoryBytes: this.meters.memoryBytes,
      stopped: this.stopped(),
      preparing: this.preparing,
    }
  }

  /** For Prometheus. */
  metrics(): string {
    const { user, system } = process.cpuUsage()
    return metricsText({
      version: this.version,
      status: this.status(),
      destinations: this.rows,
      measures: this.recorder.newest,
      alerts: this.views.alerts,
      writtenBytes: this.recorder.totalWritten(),
      cpuSeconds: (user + system) / 1e6,
      loopMs: { main: this.loopDelay(), ingest: this.ingestLoopMs },
      restarts: Object.fromEntries(this.threads().map((thread) => [thread.name, thread.restarts()])),
    })
  }

  private threads(): readonly Thread<Stoppable>[] {
    const { ingest, stream, history, query, forward, demo } = this
    const all: readonly (Thread<Stoppable> | null | undefined)[] = [
      ingest,
      stream,
      history.thread,
      query,
      forward,
      demo,
    ]
    return all.filter((thread) => thread != null) // some are not there yet
  }

  private logStatus(): Status['log'] {
    const bounds = boundsOf(this.config.log)
    return {
      bytes: this.meters.logBytes,
      freeBytes: this.meters.freeBytes,
      limitBytes: limitBytes(bounds.maxBytes, this.meters.diskBytes),
      minFreeBytes: bounds.minFreeBytes,
      heldBy: this.held,
      trouble: this.trouble,
      archiveFrom: this.views.archiveFrom,
      unsent: this.unsent(),
      note: this.note,
      head: this.head.head,
      from: this.oldest,
      directory: this.places.log,
    }
  }

  /** By the share of the kept records. */
  private unsent(): Status['log']['unsent'] {
    const required = new Set(this.config.destinations.filter((one) => one.required).map(({ name }) => name))
    const [last] = this.rows.filter(({ name }) => required.has(name)).toSorted((a, b) => a.acked - b.acked)
    const kept = this.head.head - this.first
    if (last === undefined || kept <= 0) return null
    const lacks = Math.min(kept, this.head.head - last.acked)
    return lacks <= 0 ? null : { destination: last.name, bytes: (lacks / kept) * this.meters.logBytes }
  }

  /** Writes the file, then makes what runs follow it. The zone goes into the log, because answers depend on it. */
  async putConfig(config: Config): Promise<void> {
    const before = this.config
    this.config = writeConfig(this.configFile, config)
    if (config.zone !== before.zone) await this.ingest.ask('command', { name: 'zone', value: { name: config.zone } })
    if (config.demo !== before.demo) await this.followDemo()
    this.ingest.tell('bounds', boundsOf(config.log))
    this.stream.tell('maxViewsBytes', viewsBytesOf(config.log))
    this.history.thread?.tell('maxViewsBytes', viewsBytesOf(config.log))
    this.history.thread?.tell('minFreeBytes', boundsOf(config.log).minFreeBytes)
    await this.giveSources()
    await this.giveDestinations()
    this.tellReaders()
    this.pushStatus()
  }

  private async startIngest(): Promise<void> {
    const ready = Promise.withResolvers<void>()
    this.ingest = startThread<IngestSide, FromIngest>({
      name: 'ingest',
      now: this.now,
      changed: () => this.changed(this.ingest, ready.resolve),
      data: () => ({
        logDir: this.places.log,
        segmentBytes: this.config.log.segmentMegabytes * 1_000_000,
        lingerMs: this.config.log.lingerMs,
        prepare: this.plan?.prepared === false ? this.plan : null,
        zone: this.config.zone,
        bounds: boundsOf(this.config.log),
        snapshots: this.places.snapshots,
      }),
      handlers: {
        asks: {},
        tells: {
          ready: (head) => {
            this.taken ??= head.head
            this.headIs(head)
            ready.resolve()
          },
          head: (head) => this.headIs(head),
          sources: (rows) => {
            this.sources = rows
          },
          preparing: (preparing) => this.prepared(preparing),
          measures: ({ loopMs, ...measures }) => {
            this.ingestLoopMs = loopMs
            this.recorder.hear(measures)
          },
          held: (held) => {
            this.held = held
          },
          trouble: (trouble) => {
            this.trouble = trouble
          },
        },
      },
      started: () => this.giveAgain(() => this.giveSources()),
    })
    await ready.promise
  }

  private async startStream(): Promise<void> {
    const ready = Promise.withResolvers<void>()
    this.stream = startThread<StreamSide, FromStream>({
      name: 'stream',
      now: this.now,
      changed: () => this.changed(this.stream, ready.resolve),
      data: () => ({
        logDir: this.places.log,
        viewsFile: this.places.views,
        snapshots: this.places.snapshots,
        maxViewsBytes: viewsBytesOf(this.config.log),
      }),
      handlers: {
        asks: {},
        tells: {
          ready: ({ note }) => {
            this.note = note
            ready.resolve()
          },
          views: (at) => this.viewsAre(at),
          lacks: (ahead) => void this.history.want(ahead),
          unborn: (topic) => this.ingest.tell('unborn', topic),
        },
      },
    })
    await ready.promise
  }

  private readsAgain(): History {
    return new History({
      viewsFile: this.places.views,
      data: () => ({
        logDir: this.places.log,
        viewsFile: this.places.views,
        maxViewsBytes: viewsBytesOf(this.config.log),
        minFreeBytes: boundsOf(this.config.log).minFreeBytes,
      }),
      offset: () => this.views.offset,
      without: (something) => this.stream.without(30_000, something),
      // one that is not there, yet or for now, has none open
      letGo: () => Promise.allSettled([this.query?.ask('letGo', null), this.forward?.ask('letGo', null)]),
      now: this.now,
      changed: () => {
        this.tellReaders()
        this.pushStatus()
      },
    })
  }

  private async startQuery(): Promise<void> {
    const ready = Promise.withResolvers<void>()
    this.query = startThread<QuerySide, FromQuery>({
      name: 'query',
      now: this.now,
      changed: () => this.changed(this.query, ready.resolve),
      data: () => ({ logDir: this.places.log, viewsFile: this.places.views }),
      handlers: { asks: {}, tells: { ready: () => ready.resolve() } },
    })
    await ready.promise
  }

  private startForward(): void {
    this.forward = startThread<ForwardSide, FromForward>({
      name: 'forward',
      now: this.now,
      changed: () => this.pushStatus(),
      data: () => ({
        logDir: this.places.log,
        head: this.taken,
        viewsFile: this.places.views,
        stateFile: this.places.state,
      }),
      handlers: {
        asks: {},
        tells: {
          rows: (rows) => {
            this.rows = rows
            this.tellReaders()
            this.listeners.push('sync', { time: this.now() })
          },
        },
      },
      started: () => {
        this.forward.tell('upto', this.views.offset)
        this.giveAgain(() => this.giveDestinations())
      },
    })
  }

  private startDemo(plan: KeptPlan): void {
    this.demo = startThread<DemoSide, FromDemo>({
      name: 'demo',
      now: this.now,
      changed: () => this.pushStatus(),
      data: () => ({ seed: plan.seed, startedAt: plan.startedAt }),
      handlers: {
        asks: {},
        tells: {
          ready: ({ url }) => {
            this.demoUrl = url
            this.giveAgain(() => this.giveSources())
          },
        },
      },
    })
  }

  private async startPage(): Promise<void> {
    const wanted = this.options.page
    if (wanted === undefined) return
    const asked = wanted.port !== null
    const access = openAccess(this.places.sessions)
    this.page = await servePage(
      this.api,
      access,
      wanted.root ?? rendererRoot(),
      wanted.port ?? this.config.server.port,
      asked,
      { allows: this.metricsAllow(), text: () => this.metrics() },
    )
    this.shutDoor = openDoor(this.places.door, this.page.url(), access.own())
  }

  private metricsAllow(): Metrics['allows'] {
    const token = openMetricsToken(this.places.metricsToken)
    return (authorization) => {
      const { metrics } = this.config.server
      return metrics === 'off' ? null : metrics === 'open' || token.allows(authorization)
    }
  }

  /** Who comes late hears at once where things stand. */
  private listen(heard: Parameters<Core['listen']>[0]): () => void {
    const { offset, time, alerts } = this.views
    heard('status', this.status())
    heard('views', { offset, time, alerts })
    return this.listeners.listen(heard)
  }

  /** A thread that falls at its start must not hold up the page that says so. */
  private changed(thread: Pick<Thread<Stoppable>, 'stopped'> | undefined, go: () => void): void {
    if (thread?.stopped()) go()
    this.pushStatus()
  }

  private headIs(head: Head): void {
    this.head = head
    this.stream?.tell('head', head)
    this.history.thread?.tell('head', head)
  }

  /** Kafka gets nothing that the views do not hold yet, so its thread follows them, not the log. */
  private viewsAre(at: ViewsAt): void {
    this.views = at
    this.tellReaders()
    this.forward?.tell('upto', at.offset)
    this.listeners.push('views', { offset: at.offset, time: at.time, alerts: at.alerts })
  }

  /** A destination of which nothing is heard may lack everything. */
  private tellReaders(): void {
    const readers = this.config.destinations.map(({ name, required }) => ({
      destination: name,
      ...(required ? {} : { optional: true }),
      offset: this.rows.find((row) => row.name === name)?.acked ?? 0,
    }))
    readers.sort((a, b) => a.offset - b.offset)
    const needed = Math.min(this.views.saved, this.history.needs() ?? Infinity)
    this.ingest.tell('readers', [...readers, { destination: null, offset: needed }])
  }

  private prepared(preparing: Status['preparing']): void {
    this.preparing = preparing
    this.pushStatus()
    if (preparing !== null || this.plan === null) return
    if (!this.plan.prepared) this.plan = keepPlan(this.places.demo, { ...this.plan, prepared: true })
    if (this.demo === null) this.startDemo(this.plan)
  }

  private async followDemo(): Promise<void> {
    if (this.config.demo && this.demo === null) {
      this.plan = demoPlan(this.places.demo, this.now(), true)
      this.startDemo(this.plan)
    }
    if (!this.config.demo && this.demo !== null) {
      const demo = this.demo
      this.demo = null
      this.demoUrl = null
      await this.giveSources() // said goodbye to before it goes
      await demo.stop(3_000)
    }
  }

  private async giveSources(): Promise<void> {
    const { sources } = await this.withPasswords()
    const { broker: config } = this.config
    const broker = config.enabled ? { config, password: await this.secrets.get(brokerSecret) } : null
    await this.ingest.ask('sources', { sources, files: this.config.files, broker })
  }

  private async giveDestinations(): Promise<void> {
    const { destinations } = await this.withPasswords()
    await this.forward.ask('destinations', { site: this.config.site, destinations })
  }

  /** A thread that falls meanwhile is given it when it starts again. */
  private giveAgain(give: () => Promise<void>): void {
    give().catch((error) => {
      if (!(error instanceof FieldError) || error.code !== 'stopped') throw error
    })
  }

  private async withPasswords(): Promise<{
    readonly sources: SourceWithPassword[]
    readonly destinations: DestinationWithPassword[]
  }> {
    const all = this.demoUrl === null ? this.config.sources : [...this.config.sources, demoSource(this.demoUrl)]
    const secrets = async (kind: 'source' | 'destination', name: string) => ({
      password: await this.secrets.get(secretName(kind, name)),
      passphrase: await this.secrets.get(passphraseName(kind, name)),
    })
    return {
      sources: await Promise.all(all.map(async (source) => ({ source, ...(await secrets('source', source.name)) }))),
      destinations: await Promise.all(
        this.config.destinations.map(async (destination) => ({
          destination,
          ...(await secrets('destination', destination.name)),
        })),
      ),
    }
  }

  private async readSlowMeters(): Promise<void> {
    this.meters = await this.readMeters()
    this.recorder.look(this.now(), this.meters)
    this.tellAround()
    const bounds = await this.query.ask('bounds', {}).catch(() => null) // its own failure is shown as a stopped thread
    this.oldest = bounds?.from ?? this.oldest
    this.first = bounds?.first ?? this.first
  }

  /** For the status of this installation in Kafka. */
  private tellAround(): void {
    const { runwayDays } = this.recorder.row(this.now(), this.logStatus(), this.head.time) ?? { runwayDays: null }
    const sources = this.sources.map(({ name, state, error }) => ({ name, state, error: error?.message ?? null }))
    this.forward.tell('around', { version: this.version, sources, runwayDays })
  }

  private pushStatus(): void {
    if (this.listeners.count() > 0) this.listeners.push('status', this.status())
  }

  private async stopAll(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer)
    this.shutDoor()
    await this.page?.stop()
    await this.forward?.stop(3_000) // where the start failed some are not there yet
    await this.query?.stop(3_000)
    await this.ingest?.stop(5_000) // before its brokers, so that an ordered stop is no lost link
    await this.demo?.stop(3_000)
    await this.history.stop()
    await this.stream?.stop(5_000) // last, so that the views hold the end
    this.release()
  }
}

function boundsOf({ maxGigabytes, minFreeGigabytes, maxDays, giveUp }: Config['log']): Bounds {
  return {
    maxBytes: maxGigabytes === null ? null : maxGigabytes * 1e9,
    minFreeBytes: minFreeGigabytes * 1e9,
    maxAge: maxDays === null ? null : maxDays * 86_400_000,
    giveUp,
  }
}

function viewsBytesOf({ maxViewsGigabytes }: Config['log']): number | null {
  return maxViewsGigabytes === null ? null : maxViewsGigabytes * 1e9
}

function demoSource(url: string): SourceConfig {
  return sourceOf('demo', url, { version: '3.1.1' })
}
