import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes long: a folder or a file, the longest first. */
const long = [
  'e2e/sync-page',
  'renderer/axe',
  'core/demo/alerts',
  'core/sync/',
  'sync/',
  'layers',
  'core/host/',
  'e2e/',
]

/**
 * Nothing long is left for the end, when the other workers have nothing to do; and what waits for brokers and browsers
 * takes turns with what computes, the rest by size.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const bySize = await super.sort(files)
    const slow = bySize.filter((file) => rank(file) < long.length).toSorted((a, b) => rank(a) - rank(b))
    const quick = bySize.filter((file) => !slow.includes(file))
    return [...slow.flatMap((file, i) => [file, ...quick.slice(i, i + 1)]), ...quick.slice(slow.length)]
  }
}

function rank({ moduleId }: TestSpecification): number {
  const at = long.findIndex((name) => moduleId.includes(`/test/${name}`))
  return at < 0 ? long.length : at
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    exclude: process.env.FIELDWATCH_LONG === '1' ? [] : ['test/**/long.test.ts'], // minutes each
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: Math.min(6, availableParallelism() + 1), // one more than cores: many wait for a broker to try again
    sequence: { sequencer: LongestFirst },
  },
})
