import { rmSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { sourceOf } from '../../../core/config/settings.ts'
import { startCapture } from '../../../core/ingest/capture.ts'
import { type Appending, type Log, openLog } from '../../../core/log/log.ts'

/**
 * Captures into a log until it is killed, or stopped by the line "stop" on stdin; any other line is a file to remove. Arguments: directory, url, MQTT version
 * (`inside`: the broker inside, at the port of the url), and
 * where to stand still for ever on the first commit with messages: `before` it or `after` it. `slow`: each commit takes
 * 20 ms, as on a slow disk, so that a kill finds it in the middle; `natural`: as long as it takes.
 * Prints a line per commit, in turn before and after it: the head and how many messages; and one when its state changes.
 */
const [dir = '', url = '', version = '5', how = 'slow'] = process.argv.slice(2)

let code: string | null = null
const log = openLog(dir, { segmentBytes: 262_144 })
const capture = startCapture({
  log: how === 'slow' || how === 'natural' ? telling(log) : standing(log),
  now: Date.now,
  linger: 20,
  onHead: () => {},
  onStatus: (rows) => {
    const now = rows[0]?.error?.code ?? null
    if (now === code) return
    code = now
    tell(log.head, [])
  },
})
if (version === 'inside')
  capture.addBroker({ enabled: true, host: '127.0.0.1', port: Number(new URL(url).port), username: null }, null)
else
  capture.addSource(
    sourceOf('plant', url, {
      topics: ['plant/#'],
      qos: 2,
      version: version === '5' ? '5' : '3.1.1',
      clientId: 'fieldwatch-law',
    }),
    null,
  )
createInterface({ input: process.stdin }).on('line', async (line) => {
  if (line !== 'stop') return rmSync(line)
  await capture.stop()
  log.close()
  process.exit(0)
})

function telling(inner: Log): Log {
  let commits = 0
  return withAppend(inner, (records) => {
    const before = commits++ % 2 === 0
    if (before) tell(inner.head, records)
    if (how === 'slow') standStill(10)
    const written = inner.append(records)
    if (!before) tell(inner.head, records)
    if (how === 'slow') standStill(10)
    return written
  })
}

function standing(inner: Log): Log {
  return withAppend(inner, (records) => {
    if (!records.some((record) => record.kind === 'message')) return inner.append(records)
    if (how === 'after') inner.append(records)
    tell(inner.head, records)
    for (;;) standStill(60_000)
  })
}

function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function withAppend(inner: Log, append: Log['append']): Log {
  return {
    dir: inner.dir,
    get head() {
      return inner.head
    },
    get lastTime() {
      return inner.lastTime
    },
    append,
    bytesWritten: () => inner.bytesWritten(),
    letGo: (bounds, readers) => inner.letGo(bounds, readers),
    lastWords: () => inner.lastWords(),
    trouble: () => inner.trouble(),
    settled: () => inner.settled(),
    close: () => inner.close(),
  }
}

/** Written at once: a killed process says nothing later. */
function tell(head: number, records: readonly Appending[]): void {
  const messages = records.filter((record) => record.kind === 'message').length
  writeSync(1, `${JSON.stringify({ head, messages, code })}\n`)
}
