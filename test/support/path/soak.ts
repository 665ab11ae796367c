import { parseArgs } from 'node:util'
import { detectors } from '../../../core/stream/detect/registry.ts'
import { type OfSeed, ofSeed } from './of-a-seed.ts'

// npm run soak:path -- [--seeds N] [--from S] [--records N]: law 2 with every detector on, over many seeds; exits with 1
// when a run in slices says anything else than one run does, and names the seed.

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    records: { type: 'string', default: '6000' },
  },
})

/** Opens only when there are more series than a test makes. */
const apart = 'series-cap'
const began = Date.now()
const found: OfSeed[] = []
for (let seed = Number(values.from); seed < Number(values.from) + Number(values.seeds); seed++) {
  const one = ofSeed(seed, Number(values.records))
  found.push(one)
  say(one)
}
const silent = [...detectors.keys()].filter((id) => id !== apart && !found.some((one) => one.detectors.has(id)))
const wrong = found.filter((one) => one.pathDiffers !== null || one.viewsDiffer !== null)
const sum = (of: (one: OfSeed) => number) => found.reduce((all, one) => all + of(one), 0).toLocaleString('en')
process.stdout.write(
  `${found.length} seeds in ${Math.round((Date.now() - began) / 1_000)} s: ${sum((one) => one.records)} records, ` +
    `${sum((one) => one.said)} lines said, ${sum((one) => one.alerts)} alerts, ${sum((one) => one.crashes)} crashes of the path, ` +
    `${sum((one) => one.deaths)} of path and views; ${wrong.length} seeds differ\n`,
)
if (silent.length > 0) process.stdout.write(`no alert by: ${silent.join(', ')}\n`)
process.exitCode = wrong.length > 0 || silent.length > 0 ? 1 : 0

function say({ seed, alerts, crashes, deaths, pathDiffers, viewsDiffer }: OfSeed): void {
  process.stderr.write(`seed ${seed}: ${alerts} alerts, ${crashes} and ${deaths} crashes\n`)
  if (pathDiffers !== null) process.stdout.write(`seed ${seed}, path: ${pathDiffers}\n`)
  if (viewsDiffer !== null) process.stdout.write(`seed ${seed}, views: ${viewsDiffer}\n`)
}
