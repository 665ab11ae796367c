import { expect, test } from 'vitest'
import type { Chunk } from '../../../core/sync/packing.ts'
import { SideBySide } from '../../../core/sync/side-by-side.ts'
import { seeded } from '../../support/seeded.ts'

const chunk = (partition: number, bytes: number, name = 0) =>
  ({ topic: 't', partition, bytes, name }) as unknown as Chunk
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A line that answers when the test says so. */
function lineOf(side = new SideBySide()) {
  const asked: { readonly request: readonly Chunk[]; readonly answer: PromiseWithResolvers<void> }[] = []
  const send = (chunks: readonly Chunk[], settled?: () => void) =>
    side.send(
      chunks,
      (request) => {
        const answer = Promise.withResolvers<void>()
        asked.push({ request, answer })
        return answer.promise
      },
      settled,
    )
  const told = () => asked.map(({ request }) => request.map(({ partition }) => partition))
  return { send, asked, told }
}

/** One that was found to be quick. */
async function quickLine() {
  const line = lineOf()
  const sent = line.send([chunk(0, 1)])
  line.asked.shift()!.answer.resolve()
  await sent
  return line
}

test.each([1, 2, 3])(
  'of a partition one chunk is on its way, and they arrive in their order, seed %i',
  async (seed) => {
    const random = seeded(seed)
    const line = await quickLine()
    const chunks = Array.from({ length: 60 }, (_, i) => chunk(Math.floor(random() * 5), random() * 600_000, i))
    const sent = line.send(chunks)
    const taken: Chunk[] = []
    const onTheirWay = () => line.asked.flatMap(({ request }) => request)
    while (taken.length < chunks.length) {
      await turn()
      const partitions = onTheirWay().map(({ partition }) => partition)
      expect(new Set(partitions).size).toBe(partitions.length)
      const [{ request, answer }] = line.asked.splice(Math.floor(random() * line.asked.length), 1) as [
        (typeof line.asked)[0],
      ]
      taken.push(...request)
      answer.resolve()
    }
    await sent
    for (const partition of [0, 1, 2, 3, 4]) {
      const own = (of: readonly Chunk[]) => of.filter((one) => one.partition === partition)
      expect(own(taken)).toEqual(own(chunks))
    }
  },
)

test('three requests at once on a quick line, and what is small travels together', async () => {
  const line = await quickLine()
  void line.send([0, 1, 2, 3, 4, 5].map((partition) => chunk(partition, partition < 4 ? 700_000 : 1_000)))
  await turn()
  expect(line.told()).toEqual([[0, 4, 5], [1], [2]])
  line.asked[1]!.answer.resolve()
  await turn()
  expect(line.told()).toEqual([[0, 4, 5], [1], [2], [3]])
})

test('a line of which nothing is known yet gets one request', async () => {
  const line = lineOf()
  void line.send([chunk(0, 700_000), chunk(1, 700_000)])
  await turn()
  expect(line.told()).toEqual([[0]])
  line.asked[0]!.answer.resolve()
  await turn()
  expect(line.told()).toEqual([[0], [1]])
})

test('it is told once all partitions of what is left have taken one, while it is on its way', async () => {
  const line = await quickLine()
  let told = false
  const sent = line.send([chunk(0, 700_000), chunk(1, 700_000), chunk(0, 700_000)], () => (told = true))
  await turn()
  line.asked[0]!.answer.resolve()
  await turn()
  expect(line.told()).toEqual([[0], [1], [0]])
  expect(told).toBe(false)
  line.asked[1]!.answer.resolve()
  await turn()
  expect(told).toBe(true)
  line.asked[2]!.answer.resolve()
  await sent
})

test('after a failure nothing more is sent, and it is told when the others have ended', async () => {
  const line = await quickLine()
  let failed: unknown = null
  const sent = line.send([0, 1, 0, 1].map((partition) => chunk(partition, 700_000))).catch((error) => (failed = error))
  await turn()
  expect(line.told()).toEqual([[0], [1]])
  line.asked[0]!.answer.reject(new Error('the first'))
  await turn()
  expect(failed).toBe(null)
  line.asked[1]!.answer.resolve()
  await sent
  expect(failed).toEqual(new Error('the first'))
  expect(line.told()).toEqual([[0], [1]])
})
