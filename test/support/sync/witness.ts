import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Offset } from '../../../core/contract/model.ts'
import { deviceOf, madeChanges, readingIds } from '../kafka/made-source.ts'

/** What an independent reader found. All but `records`, `extra` and `marked` must be 0. */
export interface Tally {
  /** Readings and alerts that it should find. */
  records: number
  missing: number
  /** Came twice, and the later one is not marked. */
  doubled: number
  outOfOrder: number
  /** Of transactions that were aborted: only who reads uncommitted sees them. */
  extra: number
  /** Carry `edge-maybe-dup`, because nobody can know whether they had arrived. */
  marked: number
}

export function noTally(): Tally {
  return { records: 0, missing: 0, doubled: 0, outOfOrder: 0, extra: 0, marked: 0 }
}

export function add(sum: Tally, more: Tally): void {
  for (const key of Object.keys(sum) as (keyof Tally)[]) sum[key] += more[key]
}

const patienceMs = 60_000
const kinds = ['telemetry', 'alerts'] as const

/** Reads a destination's topics with kcat and `read_committed`, each record once, and compares with the made log. */
export class Witness {
  private readonly address: string
  private readonly name: string
  private readonly partitions: number
  private upto: Offset
  private readonly read = new Map<string, number>()
  private readonly streams = new Map<string, Stream>()
  /** Records of this look. */
  private lines = 0

  constructor(address: string, name: string, from: Offset, partitions: number) {
    this.address = address
    this.name = name
    this.upto = from
    this.partitions = partitions
  }

  /** Everything before `head` should be there, and nothing else; waits for it, because a commit is confirmed before it can be read. */
  async look(head: Offset): Promise<Tally> {
    const began = performance.now()
    const tally = noTally()
    tally.records = this.expect(head)
    const from = new Map(this.read)
    this.lines = 0
    for (;;) {
      await this.readAll(tally)
      const missing = [...this.streams.values()].reduce((sum, stream) => sum + stream.missing(), 0)
      if (missing > 0 && performance.now() - began < patienceMs) {
        await sleep(100)
        continue
      }
      for (const stream of this.streams.values()) stream.forgive()
      return { ...tally, missing, extra: await this.aborted(from) }
    }
  }

  private expect(head: Offset): number {
    const alerts = madeChanges(this.upto, head).map(({ transition, seq }) => `${transition.offset}:${seq}`)
    const readings = readingIds(this.upto, head)
    this.upto = head
    for (const [kind, ids] of [
      ['telemetry', readings],
      ['alerts', alerts],
    ] as const)
      for (const id of ids) this.stream(kind, deviceOf(Number.parseInt(id, 10))).expected.push(id)
    return readings.length + alerts.length
  }

  private stream(kind: string, device: string): Stream {
    const name = `${kind} ${device}`
    const found = this.streams.get(name) ?? new Stream()
    this.streams.set(name, found)
    return found
  }

  private async readAll(tally: Tally): Promise<void> {
    for (const [topic, partition] of this.places())
      for await (const line of kcat(this.address, topic, partition, this.at(topic, partition), true)) {
        const { offset, key, headers } = JSON.parse(line) as { offset: number; key: string; headers: string[] }
        this.read.set(`${topic} ${partition}`, offset + 1)
        const of = (name: string) => headers[headers.indexOf(name) + 1]!
        const marked = headers.includes('edge-maybe-dup')
        const device = key.split('/').slice(1, 3).join('/')
        const id = `${of('edge-offset')}:${of('edge-index')}`
        this.lines += 1
        tally.marked += Number(marked)
        const found = this.stream(topic.slice(this.name.length + 1), device).take(id)
        if (found === 'late' && ordered(topic)) tally.outOfOrder += 1
        if (found === 'again' && !marked) tally.doubled += 1
      }
  }

  /** How many an uncommitted reader sees beyond those of the committed one, since `from`. */
  private async aborted(from: ReadonlyMap<string, number>): Promise<number> {
    let all = 0
    for (const [topic, partition] of this.places()) {
      const start = from.get(`${topic} ${partition}`) ?? 0
      for await (const _ of kcat(this.address, topic, partition, start, false)) all += 1
    }
    return all - this.lines
  }

  private at(topic: string, partition: number): number {
    return this.read.get(`${topic} ${partition}`) ?? 0
  }

  private *places(): Generator<readonly [string, number]> {
    for (const kind of kinds)
      for (let partition = 0; partition < this.partitions; partition++) yield [`${this.name}.${kind}`, partition]
  }
}

/** Each alert has a key of its own, so alerts of one device may be in several partitions. */
function ordered(topic: string): boolean {
  return topic.endsWith('.telemetry')
}

/** What one device should have, in order; a device has one partition. */
class Stream {
  readonly expected: string[] = []
  private at = 0
  private readonly skipped = new Set<string>()

  take(id: string): 'next' | 'late' | 'again' {
    if (this.expected[this.at] === id) {
      this.at += 1
      return 'next'
    }
    if (this.skipped.delete(id)) return 'late'
    const ahead = this.expected.indexOf(id, this.at)
    if (ahead < 0) return 'again'
    for (; this.at < ahead; this.at++) this.skipped.add(this.expected[this.at]!)
    this.at += 1
    return 'next'
  }

  missing(): number {
    return this.expected.length - this.at + this.skipped.size
  }

  /** What is missing was counted. */
  forgive(): void {
    this.expected.length = this.at = 0
    this.skipped.clear()
  }
}

async function* kcat(
  address: string,
  topic: string,
  partition: number,
  from: number,
  committed: boolean,
): AsyncGenerator<string> {
  const isolation = `isolation.level=${committed ? 'read_committed' : 'read_uncommitted'}`
  const where = ['-b', address, '-C', '-t', topic, '-p', String(partition), '-o', String(from), '-e', '-q', '-J']
  const quick = ['-X', 'fetch.wait.max.ms=10']
  const child = spawn('kcat', [...where, ...quick, '-X', isolation], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  yield* createInterface({ input: child.stdout })
  const code = await ended
  if (code !== 0) throw new Error(`kcat could not read ${topic} [${partition}] (exit ${code})`)
}
