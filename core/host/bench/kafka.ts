import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir, setPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout as later } from 'node:timers/promises'
import { FieldError } from '../../contract/errors.ts'
import type { Millis } from '../../contract/model.ts'

const version = '4.3.1'

/** A real broker with nothing but this, and Kafka's own producer beside it. */
export interface RealKafka {
  /** host:port */
  readonly address: string
  /** Runs Kafka's producer benchmark to its end. */
  produce(args: readonly string[], signal: AbortSignal): Promise<Produced>
  stop(): Promise<void>
}

interface Produced {
  /** What it printed. */
  readonly out: string
  readonly cpuMicros: number
  /** From the start of its process to its end. */
  readonly ms: Millis
}

export interface KafkaPlace {
  /** It stands for another machine: it gives way to what is measured here. */
  readonly elsewhere?: boolean
}

/** Throws FieldError not_found that says what is missing on this machine. */
export async function startKafka(
  dir: string,
  progress: (text: string) => void,
  how: KafkaPlace = {},
): Promise<RealKafka> {
  const jars = await kafkaJars(progress)
  const java = [`-Dlog4j2.configurationFile=${log4j(dir)}`, '-cp', join(jars, '*')]
  const [plain, controller] = [await freePort(), await freePort()]
  const config = join(dir, 'server.properties')
  writeFileSync(config, properties(join(dir, 'kafka'), plain, controller))
  const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url')
  const format = ['kafka.tools.StorageTool', 'format', `--cluster-id=${id}`, '-c', config] // it may begin with a dash
  const formatted = spawnSync('java', [...java, ...format], { encoding: 'utf8' })
  if (formatted.status !== 0) throw new FieldError('internal', `Kafka cannot be made ready: ${formatted.stderr}`)
  const log = join(dir, 'kafka.log')
  const out = openSync(log, 'w')
  const child = spawn('java', ['-Xms512m', '-Xmx512m', ...java, 'kafka.Kafka', config], { stdio: ['ignore', out, out] })
  closeSync(out)
  const killNow = () => child.kill('SIGKILL')
  process.once('exit', killNow)
  if (how.elsewhere === true) setPriority(child.pid!, 10)
  while (!readFileSync(log, 'utf8').includes('Kafka Server started')) {
    if (child.exitCode !== null) throw new FieldError('internal', `Kafka ended at once: see ${log}`)
    await later(200)
  }
  return {
    address: `127.0.0.1:${plain}`,
    produce: (args, signal) =>
      timed(['-Xmx512m', ...java, 'org.apache.kafka.tools.ProducerPerformance', ...args], signal),
    stop: async () => {
      const gone = once(child, 'exit')
      if (child.exitCode === null && killNow()) await gone // it keeps nothing
      process.off('exit', killNow)
    },
  }
}

/** The shell says what its children used. */
async function timed(args: readonly string[], signal: AbortSignal): Promise<Produced> {
  const began = performance.now()
  const child = spawn('sh', ['-c', 'java "$@"; code=$?; times >&2; exit $code', 'sh', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new FieldError('internal', `Kafka's producer ended with ${code}: ${(err || out).slice(-500)}`)
  return { out, cpuMicros: childTime(err), ms: performance.now() - began }
}

/** The last line of `times`: minutes and seconds of user and of system. */
function childTime(err: string): number {
  const line = err.trim().split('\n').at(-1) ?? ''
  const seconds = [...line.matchAll(/(\d+)m([\d.]+)s/g)].map(([, minutes, rest]) => Number(minutes) * 60 + Number(rest))
  return seconds.reduce((sum, one) => sum + one, 0) * 1e6
}

async function kafkaJars(progress: (text: string) => void): Promise<string> {
  if (spawnSync('java', ['-version']).error !== undefined)
    throw missing(
      'Java is not installed',
      'Install a Java runtime of version 17 or newer (Debian: openjdk-17-jre-headless).',
    )
  const jars = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fieldwatch', `kafka-tools-${version}`)
  if (existsSync(jars)) return jars
  if (spawnSync('mvn', ['-v'], { shell: process.platform === 'win32' }).error !== undefined)
    throw missing('Maven is not installed', `Install it (Debian: maven); Kafka ${version} is fetched with it, once.`)
  progress(`Apache Kafka ${version} is fetched (55 MB, once)`)
  await fetchJars(jars)
  return jars
}

async function fetchJars(jars: string): Promise<void> {
  const half = `${jars}.${process.pid}.part`
  mkdirSync(half, { recursive: true })
  const pom = join(half, 'pom.xml')
  writeFileSync(pom, project)
  const args = [
    '-q',
    '-B',
    '-f',
    pom,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${half}`,
  ]
  const child = spawn('mvn', args, { stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw missing(`Apache Kafka ${version} cannot be fetched (mvn: ${code})`, 'Maven needs a repository.')
  if (existsSync(jars)) rmSync(half, { recursive: true })
  else renameSync(half, jars)
}

function missing(what: string, way: string): FieldError {
  return new FieldError('not_found', `${what}, so sync cannot be measured. ${way}`)
}

const dependency = (group: string, name: string, of: string) =>
  `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${of}</version></dependency>`
const project = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>fieldwatch</groupId><artifactId>kafka-and-tools</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependency('org.apache.kafka', 'kafka_2.13', version)}${dependency('org.apache.kafka', 'kafka-tools', version)}
${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', '2.25.4')}</dependencies></project>`

function log4j(dir: string): string {
  const file = join(dir, 'log4j2.xml')
  const appender = '<Appenders><Console name="c"><PatternLayout pattern="%p %c{1}: %m%n"/></Console></Appenders>'
  const loggers = '<Loggers><Root level="INFO"><AppenderRef ref="c"/></Root></Loggers>'
  writeFileSync(file, `<Configuration>${appender}${loggers}</Configuration>`)
  return file
}

const properties = (dir: string, plain: number, controller: number) => `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=PLAINTEXT://127.0.0.1:${plain},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${plain}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${dir}
log.segment.bytes=268435456
log.retention.bytes=536870912
log.retention.check.interval.ms=10000
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=8388608
`

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number } // listens on TCP
  server.close()
  await once(server, 'close')
  return port
}
