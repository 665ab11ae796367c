import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { bench } from '../../../core/host/commands/bench.ts'
import { hasKafka } from '../../support/kafka/kafka.ts'
import { hasMosquitto } from '../../support/mosquitto.ts'
import { part } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'

const tools = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fieldwatch', 'kafka-tools-4.3.1')
const hasKafkaTools = hasKafka() && part('Kafka’s own producer', existsSync(tools), 'run "fieldwatch bench sync" once')

vi.setConfig({ testTimeout: 300_000 }) // a dozen processes are started

// That it measures at all, and what it tells: a figure is only of use where nothing else runs.

interface Line {
  readonly claim: string
  readonly ratio: number | null
  readonly goal: string
  readonly min: number
  readonly median: number
  readonly max: number
  readonly rounds: number
}

/** One short round of one part; everything that it made must be gone again. */
async function measured(what: 'capture' | 'path' | 'sync', part: string, messages = 2_000): Promise<readonly Line[]> {
  const dir = tempDir()
  const lines: Line[] = []
  const io = { out: (text: string) => lines.push(JSON.parse(text) as Line), err: () => {} }
  const args = [what, '--only', part, '--rounds', '1', '--messages', `${messages}`, '--dir', dir, '--json']
  expect(await bench.run(args, io)).toBe(0)
  expect(readdirSync(dir)).toEqual([])
  for (const { min, median, max, rounds } of lines) {
    expect(Number.isFinite(median) && min <= median && median <= max).toBe(true)
    expect(rounds).toBeGreaterThan(0)
  }
  return lines
}

describe('bench capture', () => {
  test('append: the log beside a bare file, and how small it is', async () => {
    const lines = await measured('capture', 'append')
    expect(lines.filter((line) => line.ratio !== null).map((line) => [line.claim, line.goal])).toEqual([
      ['append: log / bare file + fdatasync, plant-like numbers', '>= 0.7'],
      ['log bytes / payload bytes, plant-like numbers', '<= 0.3'],
      ['append: log / bare file + fdatasync, full doubles', '>= 0.7'],
      ['log bytes / payload bytes, full doubles', '<= 0.45'],
    ])
  })

  test.skipIf(!hasMosquitto)('compare: the recorder beside a plain counter, fed and through a broker', async () => {
    const goals = (await measured('capture', 'compare')).map((line) => line.goal).filter((goal) => goal !== '-')
    expect(goals.toSorted()).toEqual([
      ...Array(4).fill('<= 0.9'),
      ...Array(4).fill('>= 0.95'),
      ...Array(4).fill('>= 1.3'),
    ])
  })

  test.each([
    ['slow-disk', 3],
    ['beside', 3],
    ['start', 1],
  ])('%s', async (part, claims) => {
    expect((await measured('capture', part)).length).toBe(claims)
  })
})

describe('bench path', () => {
  test.each([
    ['ratio', 36],
    ['series', 2],
    ['recovery', 10],
  ])('%s', async (part, claims) => {
    expect((await measured('path', part, 500)).length).toBe(claims)
  })
})

describe('bench sync', () => {
  test.skipIf(!hasKafkaTools)('envelope: what is sent by default beside Kafka’s own producer', async () => {
    const lines = await measured('sync', 'envelope')
    expect(lines.map(({ ratio }) => ratio === null)).toEqual([...Array(4).fill(false), ...Array(4).fill(true)])
  })

  test.skipIf(!hasKafkaTools)('idle: what a destination costs that has nothing to send', async () => {
    expect(await measured('sync', 'idle')).toMatchObject([{ goal: '<= 0.5' }])
  })

  test.skipIf(!hasKafkaTools)('backlog: acknowledgements while one is sent, and the memory that it takes', async () => {
    const goals = (await measured('sync', 'backlog')).map(({ goal }) => goal)
    expect(goals).toEqual(['<= 1.25', '-', '-', '<= 1.25', '-', '-', '-', '-', '-'])
  })
})

test('a goal that is not reached is said, and --check makes it an error', async () => {
  const out: string[] = []
  const io = { out: (text: string) => void out.push(text), err: () => {} }
  const args = ['capture', '--only', 'beside', '--rounds', '1', '--messages', '20', '--dir', tempDir(), '--check']
  expect(await bench.run(args, io)).toBe(1) // so few messages cannot come at 110,000 a second
  expect(out.filter((row) => row.startsWith('durable with the path') && row.endsWith('not reached')).length).toBe(1)
})
