import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../parts.ts'
import { jarsOf, python } from './fetch.mjs'
import { type SeriesTold, Telling, type Told } from './told.ts'

// Spark, Flink and Kafka Connect, each run with what core/sync/CONSUMERS.md says; only addresses, topics and files are put in.

const document = fileURLToPath(new URL('../../../core/sync/CONSUMERS.md', import.meta.url))

/** What a reader reads, and a folder of its own. */
export interface Reading {
  readonly address: string
  readonly topic: string
  readonly folder: string
}

/** A batch, and a stream that is stopped and goes on behind its checkpoint. */
export async function spark({ address, topic, folder }: Reading): Promise<{ batch: Told; stream: Told }> {
  const quick = ['spark.sql.shuffle.partitions=2', 'spark.ui.enabled=false', 'spark.driver.host=127.0.0.1']
  const submit = ['--master local[2]', '--driver-memory 1g', `--conf spark.jars=${jarsOf('spark').join(',')}`]
  const env = {
    PYSPARK_PYTHON: python,
    SPARK_LOCAL_IP: '127.0.0.1',
    PYSPARK_SUBMIT_ARGS: [...submit, ...quick.map((one) => `--conf ${one}`), 'pyspark-shell'].join(' '),
  }
  await run(python, [fileURLToPath(new URL('job.py', import.meta.url)), document, address, topic, folder], folder, env)
  const told = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Told // written by the job
  return { batch: told('batch'), stream: told('stream') }
}

/** Whether there is a JDK: Flink takes SQL from a program only, which is compiled at its start. */
export const hasFlink = findProgram('javac') !== null

export async function flinkTelemetry(reading: Reading): Promise<Told> {
  const [telemetry] = blocksOf('sql')
  const counting = `${telemetry}\nSELECT COUNT(*) FROM once;\n`
  const rows = await flink(counting.replaceAll('edge.telemetry.v1', reading.topic), reading)
  const series = rows.filter((row) => row.length === 4)
  return {
    once: Number(rows.findLast((row) => row.length === 1)?.[0]),
    series: [...new Map(series.map((row) => [`${row[0]}/${row[1]}`, seriesOf(row)])).values()],
  }
}

/** Keys of the alerts that are open. */
export async function flinkAlerts(reading: Reading): Promise<string[]> {
  const rows = await flink(blocksOf('sql')[1]!.replaceAll('edge.alerts.v1', reading.topic), reading)
  return rows.map(([key]) => key!).sort()
}

/** Rows as they stand when all that is there has been read. */
async function flink(sql: string, { address, folder }: Reading): Promise<string[][]> {
  const file = join(folder, 'read.sql')
  const bounded = sql
    .replaceAll('kafka.example:9092', address)
    .replaceAll("'connector' =", "'scan.bounded.mode' = 'latest-offset', 'connector' =")
  writeFileSync(file, bounded)
  const open = ['java.base/java.util', 'java.base/java.lang', 'java.base/java.time'].flatMap((name) => [
    '--add-opens',
    `${name}=ALL-UNNAMED`,
  ])
  const source = fileURLToPath(new URL('Sql.java', import.meta.url))
  const said = await run('java', ['-Xmx768m', ...open, '-cp', jarsOf('flink').join(delimiter), source, file], folder)
  return standing(said.split('\n').filter((line) => /^[+-][IUAD]/.test(line) && line.includes('\t')))
}

/** Each line is a change: an earlier row that is taken back is followed by the later one. */
function standing(lines: readonly string[]): string[][] {
  const rows = new Map<string, number>()
  for (const line of lines) {
    const [kind, row] = [line.slice(0, 2), line.slice(3)]
    const change = kind === '-U' || kind === '-D' ? -1 : 1
    rows.delete(row) || rows.set(row, change)
  }
  return [...rows.keys()].map((row) => row.split('\t'))
}

function seriesOf([device, metric, n, mean]: readonly string[]): SeriesTold {
  return { device: device!, metric: metric!, n: Number(n), mean: Number(mean) }
}

/** A sink writes until it has `lines`; then it is stopped as an administrator would. */
export async function connect({ address, topic, folder }: Reading, port: number, lines: number): Promise<Told> {
  const written = join(folder, 'telemetry.jsonl')
  const [sink] = blocksOf('properties')
  writeFileSync(
    join(folder, 'sink.properties'),
    sink!.replace('edge.telemetry.v1', topic).replace('/var/lib/telemetry.jsonl', written),
  )
  const worker = [
    `bootstrap.servers=${address}`,
    `listeners=http://127.0.0.1:${port}`,
    `plugin.path=${folder}`,
    'plugin.discovery=only_scan',
    `offset.storage.file.filename=${join(folder, 'offsets')}`,
  ]
  const converters = ['key', 'value'].map((of) => `${of}.converter=org.apache.kafka.connect.json.JsonConverter`)
  writeFileSync(
    join(folder, 'worker.properties'),
    [...worker, ...converters, 'offset.flush.interval.ms=1000'].join('\n'),
  )
  const stop = new AbortController()
  const args = [
    '-Xmx384m',
    '-cp',
    jarsOf('connect').join(delimiter),
    'org.apache.kafka.connect.cli.ConnectStandalone',
    'worker.properties',
    'sink.properties',
  ]
  const ended = run('java', args, folder, {}, stop.signal)
  const there = () => (existsSync(written) ? readFileSync(written, 'utf8').split('\n').slice(0, -1) : [])
  try {
    while (there().length < lines) await Promise.race([sleep(500), ended])
  } finally {
    stop.abort()
    await ended.catch(() => {}) // it was told to end
  }
  const telling = new Telling()
  for (const line of there())
    telling.add(fieldOf(line, 'device'), fieldOf(line, 'metric'), numberOf(fieldOf(line, 'num')))
  return telling.told()
}

/** The file sink writes what the JSON became in Java: `{num=21.5, device=press, ...}`. */
function fieldOf(line: string, name: string): string {
  return new RegExp(`[{ ]${name}=([^,}]*)`).exec(line)?.[1] ?? ''
}

function numberOf(text: string): number | null {
  return text === 'null' ? null : Number(text)
}

function blocksOf(language: string): string[] {
  const text = readFileSync(document, 'utf8')
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, block]) => block!)
}

/** Resolves to what it printed; what it said last is in the error if it fails. */
function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
  signal?: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    signal?.addEventListener('abort', () => child.kill('SIGTERM'))
    let [out, said] = ['', '']
    child.stdout.on('data', (text) => (out += String(text)))
    child.stderr.on('data', (text) => (said = (said + String(text)).slice(-5_000)))
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${program} ended with ${code}:\n${out.slice(-2_000)}\n${said}`)),
    )
  })
}
