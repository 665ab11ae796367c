// Gets what the long-form test of central consumers needs: Spark from PyPI in an environment of its own, its Kafka package,
// Flink and Kafka Connect from Maven Central. Plain JavaScript: set-up runs it on Node 20.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const sparkVersion = '4.1.1' // as in spark.pom.xml
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fieldwatch', 'central-1')
const venv = join(cache, 'venv')
// The other dependencies of the Kafka package are in Spark already.
const sparkJars = [
  'spark-sql-kafka-0-10_2.13',
  'spark-token-provider-kafka-0-10_2.13',
  'kafka-clients',
  'commons-pool2',
]

/** The Python that has Spark. */
export const python = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')

/** The jars of 'spark', 'flink' or 'connect'. */
export function jarsOf(name) {
  return readdirSync(join(cache, name)).map((file) => join(cache, name, file))
}

async function fetchAll() {
  if (!existsSync(join(cache, 'venv.ready'))) await getSpark()
  await getJars('spark', [`-DincludeArtifactIds=${sparkJars.join(',')}`])
  await getJars('flink', [])
  await getJars('connect', [])
}

async function getSpark() {
  say(`Getting Apache Spark ${sparkVersion} (430 MB, once, some minutes)…`)
  rmSync(venv, { recursive: true, force: true })
  await run('python3', ['-m', 'venv', venv], 'on Debian: apt-get install python3-venv')
  await run(python, ['-m', 'pip', 'install', '--quiet', `pyspark==${sparkVersion}`], 'it comes from PyPI')
  mkdirSync(join(cache, 'venv.ready'))
}

async function getJars(name, only) {
  if (existsSync(join(cache, name))) return
  say(`Getting the jars of ${name}…`)
  const pom = join(dirname(fileURLToPath(import.meta.url)), `${name}.pom.xml`)
  const half = join(cache, `${name}.part`)
  const args = ['-q', '-B', '-ntp', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime']
  await run('mvn', [...args, ...only, `-DoutputDirectory=${half}`], 'it needs Maven')
  renameSync(half, join(cache, name))
}

function run(program, args, wayOut) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' })
    child.on('error', () => reject(new Error(`${program} cannot be started; ${wayOut}`)))
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${program}: exit ${code}; ${wayOut}`))))
  })
}

function say(line) {
  process.stderr.write(`${line}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await fetchAll().catch((error) => {
    say(`What central consumers need could not be fetched: ${error.message}`)
    process.exitCode = 1
  })
