// Fills the cache with the jars of a real Apache Kafka, for tests. Plain JavaScript: set-up runs it on Node 20.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const pom = join(dirname(fileURLToPath(import.meta.url)), 'pom.xml')

/** Where the jars are, or would be. */
export function kafkaJars() {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fieldwatch', 'kafka-4.3.1')
}

/** Resolves to the folder of the jars; fetches them with Maven when they are missing (44 MB, once). */
export async function fetchKafka(say = (line) => process.stderr.write(`${line}\n`)) {
  const jars = kafkaJars()
  if (existsSync(jars)) return jars
  say('Getting Apache Kafka 4.3.1 for the tests (44 MB, once)…')
  const half = `${jars}.${process.pid}.part`
  mkdirSync(half, { recursive: true })
  await maven(half, say)
  finish(half, jars)
  say('Apache Kafka 4.3.1 is ready.')
  return jars
}

function maven(folder, say) {
  const args = ['-B', '-ntp', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime']
  return new Promise((resolve, reject) => {
    const child = spawn('mvn', [...args, `-DoutputDirectory=${folder}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
      shell: process.platform === 'win32',
    })
    let copied = 0
    let last = ''
    child.stdout.on('data', (chunk) => {
      last = (last + chunk).slice(-2_000)
      const now = copied + (String(chunk).match(/Copying /g)?.length ?? 0)
      if (Math.floor(now / 10) > Math.floor(copied / 10)) say(`  ${now} of about 46 jars`)
      copied = now
    })
    child.on('error', () => reject(new Error('mvn cannot be started; install Maven (Debian: apt-get install maven)')))
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`mvn failed (exit ${code}):\n${last}`))))
  })
}

/** Whoever is second finds the folder there: it is the same, so its own copy goes. */
function finish(half, jars) {
  try {
    renameSync(half, jars)
  } catch (error) {
    if (!existsSync(jars)) throw error
    rmSync(half, { recursive: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await fetchKafka().catch((error) => {
    process.stderr.write(`Kafka could not be fetched, so its tests are skipped: ${error.message}\n`)
    process.exitCode = 1
  })
