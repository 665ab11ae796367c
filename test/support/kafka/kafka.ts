import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findProgram, part } from '../parts.ts'
import { BrokerProcess } from './broker-process.ts'
import { kafkaJars } from './fetch.mjs'
import { addSecured, allowedKeys, type Secured, scramUsers, securedPorts } from './secured.ts'

const exec = promisify(execFile)
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** Whether a real Kafka and its reader can run here, for `describe.skipIf(!hasKafka())`. */
export function hasKafka(): boolean {
  const way = 'run "node test/support/kafka/fetch.mjs" (it needs Maven)'
  const parts = [
    part('a Java runtime', findProgram('java') !== null, 'install openjdk-17-jre-headless'),
    part('Apache Kafka 4.3.1', existsSync(kafkaJars()), way),
    part('kcat', findProgram('kcat') !== null),
  ]
  return parts.every((present) => present)
}

/** A real Apache Kafka of one node, on free ports of this machine, in a directory of its own. */
export interface Kafka {
  /** host:port for clients. */
  readonly address: string
  /** host:port of the listener that says it lives at `advertise`: for clients that must come through a proxy. */
  readonly proxied: string
  /** Its listeners with TLS, login and permissions; null when it was not asked for them. */
  readonly secured: Secured | null
  log(): string
  /** SIGTERM, and waits. The data stays. */
  stop(): Promise<void>
  /** SIGKILL, and waits. The data stays. */
  kill(): Promise<void>
  /** SIGSTOP: connections stay open, and nothing answers. */
  freeze(): void
  thaw(): void
  /** Copies its data aside, in place of the copy before; only while it is stopped. */
  keepCopy(): void
  /** Goes back to the copy, as a cluster that is restored from a backup; only while it is stopped. */
  goBack(): void
  /** Starts again what was stopped or killed, on the same ports and data. */
  restart(): Promise<void>
  /** Stops it and removes its directory. */
  remove(): Promise<void>
}

export interface KafkaOptions {
  /** Port that the proxied listener says it lives at. */
  readonly advertise?: number
  /** Adds listeners with TLS, logins and permissions; nobody there may do anything yet. */
  readonly secure?: boolean
  /** More properties of the broker. */
  readonly properties?: string
}

/** Resolves when it answers: about 4 s on an idle machine, 15 s on a busy one. */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const kafka = new OneNode(mkdtempSync(join(tmpdir(), 'fieldwatch-kafka-')), options)
  await kafka.prepare()
  await kafka.restart()
  return kafka
}

const plain = (dir: string, ports: Ports) => `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${ports.controller}
listeners=PLAINTEXT://127.0.0.1:${ports.plain},PROXIED://127.0.0.1:${ports.proxied},CONTROLLER://127.0.0.1:${ports.controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${ports.plain},PROXIED://127.0.0.1:${ports.advertised}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=${join(dir, 'data')}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=8388608
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
`

interface Ports {
  readonly plain: number
  readonly proxied: number
  readonly advertised: number
  readonly controller: number
}

const java = ['-XX:+UseSerialGC', `-Dlog4j2.configurationFile=${here('log4j2.xml')}`, '-cp', join(kafkaJars(), '*')]
export const formatArgs = ['-Xmx128m', '-XX:TieredStopAtLevel=1', ...java, 'kafka.tools.StorageTool', 'format']
export const brokerArgs = ['-Xms256m', '-Xmx256m', '-XX:TieredStopAtLevel=1', ...java, 'kafka.Kafka']

class OneNode extends BrokerProcess implements Kafka {
  address = ''
  proxied = ''
  secured: Secured | null = null
  private readonly options: KafkaOptions
  private readonly config: string

  constructor(dir: string, options: KafkaOptions) {
    super(dir)
    this.options = options
    this.config = join(dir, 'server.properties')
  }

  async prepare(): Promise<void> {
    const [first, second, controller, ...more] = await freePorts(3 + securedPorts)
    const advertised = this.options.advertise ?? second!
    const ports = { plain: first!, proxied: second!, advertised, controller: controller! }
    writeFileSync(this.config, this.propertiesOf(ports, more) + (this.options.properties ?? ''))
    this.address = `127.0.0.1:${ports.plain}`
    this.proxied = `127.0.0.1:${ports.proxied}`
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url')
    const users = this.options.secure ? scramUsers : []
    await exec('java', [...formatArgs, `--cluster-id=${id}`, '-c', this.config, ...users]) // it may begin with a dash
  }

  private propertiesOf(ports: Ports, more: readonly number[]): string {
    if (!this.options.secure) return plain(this.dir, ports)
    const { properties, secured } = addSecured(plain(this.dir, ports), this.dir, more)
    this.secured = secured
    return properties
  }

  async restart(): Promise<void> {
    this.start([...allowedKeys(this.dir), ...brokerArgs, this.config])
    while (!(await this.answers())) {
      if (this.hasEnded()) throw new Error(`Kafka ended at once:\n${this.log().slice(-3_000)}`)
      await sleep(200)
    }
  }

  keepCopy(): void {
    rmSync(join(this.dir, 'copy'), { recursive: true, force: true })
    cpSync(join(this.dir, 'data'), join(this.dir, 'copy'), { recursive: true })
  }

  goBack(): void {
    rmSync(join(this.dir, 'data'), { recursive: true })
    cpSync(join(this.dir, 'copy'), join(this.dir, 'data'), { recursive: true })
  }

  async remove(): Promise<void> {
    await this.kill()
    this.secured?.certificates.remove()
    rmSync(this.dir, { recursive: true, force: true })
  }

  private async answers(): Promise<boolean> {
    const asked = exec('kcat', ['-b', this.address, '-L', '-m', '1', '-q'])
    return asked.then(
      ({ stdout }) => / broker 1 at /.test(stdout),
      () => false,
    )
  }
}

/** A record as an independent reader sees it. */
export interface ReadRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly value: string
  readonly headers: ReadonlyMap<string, string>
}

/** All committed records of a topic up to its present end, in order per partition; `uncommitted` shows aborted ones too. */
export async function readTopic(address: string, topic: string, uncommitted = false): Promise<ReadRecord[]> {
  const isolation = `isolation.level=${uncommitted ? 'read_uncommitted' : 'read_committed'}`
  const args = ['-b', address, '-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-J', '-X', isolation]
  const { stdout } = await exec('kcat', args, { maxBuffer: 1 << 30 })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(recordOf)
}

/** The same when `count` are there: a commit is answered before its records can be read. After half a minute those that are. */
export async function readAtLeast(address: string, topic: string, count: number): Promise<ReadRecord[]> {
  for (const end = performance.now() + 30_000; ; await sleep(100)) {
    const records = await readTopic(address, topic)
    if (records.length >= count || performance.now() > end) return records
  }
}

interface KcatLine {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly headers?: readonly string[]
  readonly key: string
  readonly payload: string
}

function recordOf(line: string): ReadRecord {
  const { topic, partition, offset, headers = [], key, payload } = JSON.parse(line) as KcatLine
  const pairs = headers.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, headers[i + 1]!]] : []))
  return { topic, partition, offset, key, value: payload, headers: new Map(pairs) }
}

/** Ports that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject)
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)) // listens on TCP
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
