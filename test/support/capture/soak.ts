import { rmSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { makeTempDir } from '../make-temp-dir.ts'
import { type Found, killCapture } from './killer.ts'

// npm run soak:capture -- [--kills N] [--seed S] [--json FILE]: kills a running capture at random moments, 25 times a
// seed and in turn with MQTT 5 and 3.1.1, and exits with 1 when anything that was acknowledged is missing.

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
})
const perRun = 25
const kills = Number(values.kills)
const firstSeed = Number(values.seed)

interface Row {
  readonly seed: number
  readonly mqtt: '5' | '3.1.1'
  readonly kills: number
  readonly published: number
  readonly acknowledged: number
  readonly stored: number
  readonly missing: number
  readonly repeats: number
  readonly unmarked: number
  readonly problems: number
  readonly inOrder: boolean
}

const began = Date.now()
const rows: Row[] = []
for (let done = 0; done < kills; done += perRun) {
  const seed = firstSeed + done / perRun
  rows.push(await run(seed, seed % 2 === 1 ? '5' : '3.1.1', Math.min(perRun, kills - done)))
}
const report = { seconds: Math.round((Date.now() - began) / 1000), total: totals(rows), rows }
console.table([...rows, { ...report.total, seed: 'all' }])
process.stdout.write(`${JSON.stringify(report)}\n`)
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(report, null, 1))
process.exitCode = rows.every(isClean) ? 0 : 1

async function run(seed: number, version: Row['mqtt'], n: number): Promise<Row> {
  const dir = makeTempDir()
  process.stderr.write(`seed ${seed}, MQTT ${version}: ${n} kills\n`)
  try {
    const { found, inOrder } = await killCapture({ version, seed, kills: n, dir, onFound: say })
    return rowOf(seed, version, found, inOrder)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function say({ kill, pace, published, acknowledged, stored, missing, repeats }: Found): void {
  process.stderr.write(
    `  kill ${kill} (${pace}): ${published} published, ${acknowledged} acknowledged, ${stored} stored, ${repeats} repeats, ${missing.length} missing\n`,
  )
}

function rowOf(seed: number, mqtt: Row['mqtt'], found: readonly Found[], inOrder: boolean): Row {
  const { published, acknowledged, stored, repeats, unmarked } = found.at(-1)!
  const sum = (of: (one: Found) => number) => found.reduce((all, one) => all + of(one), 0)
  const missing = Math.max(published - stored, ...found.map((one) => one.missing.length))
  const problems = sum((one) => one.problems.length)
  return {
    seed,
    mqtt,
    kills: found.length - 1,
    published,
    acknowledged,
    stored,
    missing,
    repeats,
    unmarked,
    problems,
    inOrder,
  }
}

function totals(all: readonly Row[]) {
  const sum = (of: (row: Row) => number) => all.reduce((total, row) => total + of(row), 0)
  return {
    kills: sum((row) => row.kills),
    published: sum((row) => row.published),
    acknowledged: sum((row) => row.acknowledged),
    stored: sum((row) => row.stored),
    missing: sum((row) => row.missing),
    repeats: sum((row) => row.repeats),
    unmarked: sum((row) => row.unmarked),
    problems: sum((row) => row.problems),
    inOrder: all.every((row) => row.inOrder),
  }
}

function isClean({ missing, unmarked, problems, inOrder }: Row): boolean {
  return missing + unmarked + problems === 0 && inOrder
}
