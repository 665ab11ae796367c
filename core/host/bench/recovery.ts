import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { startChild } from './child.ts'
import { makeLog } from './made-log.ts'
import type { BenchOptions } from './options.ts'
import { devices } from './plant.ts'
import type { Recovered, RecoverySide, Saved } from './sides.ts'

const perSecond = 5_000
const day = 86_400_000

/**
 * 10,002 series at 5,000 messages a second: what saving the path costs, and how long it takes to be back after a kill just
 * before the next state. The short form replays what its log holds and reckons the rest.
 */
export async function recoveryClaims({ dir, long, messages, signal, tell, progress }: BenchOptions): Promise<void> {
  const into = join(dir, 'recovery')
  const count = long ? 4_500_000 : messages * 6
  progress(`a log of ${count} messages is made`)
  makeLog(join(into, 'log'), devices(3_334, 100, 'plant', 1), count, 1_000 / perSecond)
  progress('it is read as live')
  const saved = await inChild(into, (child) => child.ask('live', { states: long ? 3 : Infinity }, signal))
  progress('it is read after the kill')
  const recovered = await inChild(into, (child) => child.ask('recover', { upto: saved.upto }, signal))
  tell(told(saved, recovered))
  rmSync(into, { recursive: true })
}

async function inChild<T>(dir: string, use: (child: ReturnType<typeof start>) => Promise<T>): Promise<T> {
  const child = start(dir)
  try {
    return await use(child)
  } finally {
    await child.stop()
  }
}

const start = (dir: string) => startChild<RecoverySide>('recovery', { dir })

function told({ begins, turns, steps, bytes, pause }: Saved, { restored, ms, messages }: Recovered) {
  const worst = Math.round((pause / 1_000) * perSecond)
  const each = (ms - restored) / messages
  return [
    {
      claim: `restart after a kill at the worst moment, ${worst} messages, ${messages} of them read`,
      values: [(restored + each * worst) / 1_000],
      goal: { atMost: 20 },
      unit: 's',
    },
    { claim: 'of that, until the state is restored', values: [restored / 1_000], goal: null, unit: 's' },
    { claim: 'until the next state', values: [pause / 1_000], goal: null, unit: 's' },
    { claim: 'a state, written', values: bytes.map((each) => each / 1e6), goal: null, unit: 'MB' },
    {
      claim: 'states a day, into the journal and into the file',
      values: [(2 * bytes.at(-1)! * day) / pause / 1e9],
      goal: { atMost: 10 },
      unit: 'GB',
    },
    {
      claim: 'longest hold-up of the path: to begin a state',
      values: [Math.max(...begins)],
      goal: { atMost: 50 },
      unit: 'ms',
    },
    {
      claim: 'longest hold-up of the path: a turn of writing',
      values: [Math.max(...turns)],
      goal: { atMost: 20 },
      unit: 'ms',
    },
    { claim: 'the same, the slowest of a hundred', values: [hundredth(turns)], goal: { atMost: 20 }, unit: 'ms' },
    { claim: 'a block of 1,000 while a state is written', values: steps.saving, goal: null, unit: 'ms' },
    { claim: 'a block of 1,000 otherwise', values: steps.not, goal: null, unit: 'ms' },
  ]
}

function hundredth(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(0.99 * values.length)]!
}
