import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { destinationAt } from '../../support/kafka/destination.ts'
import { startRunning } from '../../support/kafka/running.ts'
import { tempDir } from '../../support/temp-dir.ts'

const never = 3_600_000

test('a broker that takes the connection and never answers is told of in words and tried again, by our clock alone', async () => {
  const { address, connections } = await mute()
  // The client itself would wait for an hour.
  const parts = { pace: { requestMs: never, stepMs: 300 } }
  const { forward, until } = startRunning({ dir: tempDir(), destination: destinationAt(address, 'mute'), parts })
  onTestFinished(() => forward.stop())
  forward.head(10)
  const first = await until((row) => row.state === 'waiting' && row.retryAt !== null)
  expect(first).toMatchObject({
    attempt: 1,
    next: 0,
    error: { code: 'kafka_unreachable', message: `the connection to ${address} gives no answer` },
  })
  const tried = connections()
  await until((row) => row.attempt === 2 && row.retryAt !== null)
  expect(tried).toBeGreaterThan(0)
  expect(connections()).toBeGreaterThan(tried)
})

test('it is told of in the same words where the client gives up before our clock does', async () => {
  const { address } = await mute()
  const parts = { pace: { requestMs: 300, stepMs: never } }
  const { forward, until } = startRunning({ dir: tempDir(), destination: destinationAt(address, 'mute'), parts })
  onTestFinished(() => forward.stop())
  const first = await until((row) => row.state === 'waiting')
  expect(first.error?.message).toBe(`the connection to ${address} gives no answer`)
})

test('a place of tokens that never answers is told of in words and tried again', async () => {
  const { address, connections } = await mute()
  const parts = { pace: { requestMs: never, stepMs: 300 } }
  const more = { tls: true, sasl: 'oauthbearer', username: 'us', tokenUrl: `http://${address}/token` } as const
  const destination = destinationAt('127.0.0.1:1', 'mute', more)
  const { forward, until } = startRunning({ dir: tempDir(), destination, password: 'secret', parts })
  onTestFinished(() => forward.stop())
  const first = await until((row) => row.error !== null && row.retryAt !== null)
  expect(first.error).toMatchObject({ message: expect.stringContaining('gives no answer') })
  expect(connections()).toBe(1)
  await until((row) => row.attempt === 2 && row.retryAt !== null)
})

/** Takes every connection, and never says a word. */
async function mute(): Promise<{ readonly address: string; connections(): number }> {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  return { address: `127.0.0.1:${port}`, connections: () => connections }
}
