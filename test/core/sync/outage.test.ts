import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { DestinationConfig } from '../../../core/contract/calls.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import { freePorts } from '../../support/kafka/kafka.ts'
import { type RunningOptions, startRunning } from '../../support/kafka/running.ts'

const byPerson = 'paused by a person'

test('an outage of a destination ends when that is removed', async () => {
  const { forward, until } = await start()
  await until((row) => row.state === 'waiting')
  expect(forward.outages()).toMatchObject([{ destination: 'gone', until: null }])
  await forward.update([])
  expect(forward.outages()).toMatchObject([{ destination: 'gone', until: expect.any(Number), waited: 10 }])
})

test('a pause in an outage ends that and is listed itself; it ends when a person resumes, not when sending works', async () => {
  const { forward, until } = await start()
  await until((row) => row.state === 'waiting')
  forward.pause('gone', true)
  await until((row) => row.state === 'paused')
  const [pause, first] = forward.outages()
  expect(pause).toMatchObject({ until: null, cause: byPerson })
  expect(first).toMatchObject({ until: pause!.from, cause: expect.stringContaining('nothing listens') })
  forward.pause('gone', false)
  await until((row) => row.state === 'waiting')
  expect(forward.outages()).toMatchObject([
    { until: null, cause: first!.cause },
    { until: expect.any(Number), cause: byPerson },
    { cause: first!.cause },
  ])
})

test('a pause goes on over a restart as one outage', async () => {
  const how = { dir: temporary(), more: { paused: true } }
  const before = await start(how)
  await before.until((row) => row.state === 'paused')
  const [pause] = before.forward.outages()
  await before.forward.stop()
  const { forward, until } = await start(how)
  await until((row) => row.state === 'paused')
  expect(forward.outages()).toEqual([pause])
})

test('a pause while it connects is no outage of the cluster, and comes before any further wait', async () => {
  const { address } = await listening((server) => server)
  const parts = { pace: { requestMs: 300, stepMs: 300 } }
  const { forward, until } = await start({ address, parts })
  await until((row) => row.doing === 'looking at its topics')
  forward.pause('gone', true)
  await until((row) => row.state === 'paused')
  expect(forward.outages()).toMatchObject([{ cause: byPerson }])
})

test('where another kind of trouble replaces the first, a line ends and another begins', async () => {
  const [port] = await freePorts(1)
  const { forward, until } = await start({ address: `127.0.0.1:${port}`, more: { tls: true } })
  await until((row) => row.attempt >= 2)
  await listening((server) => server.on('connection', (socket) => socket.end('this is no TLS')), port)
  await until((row) => row.error?.code === 'kafka_tls')
  const [tls, nobody, ...others] = forward.outages()
  expect(tls).toMatchObject({ until: null, cause: expect.stringContaining('encrypted') })
  expect(nobody).toMatchObject({ until: tls!.from, cause: expect.stringContaining('nothing listens') })
  expect(others).toEqual([])
})

interface How extends Pick<RunningOptions, 'parts'> {
  readonly dir?: string
  /** Where nothing listens, if it is not said. */
  readonly address?: string
  readonly more?: Partial<DestinationConfig>
}

async function start({ dir = temporary(), address, more = {}, parts }: How = {}) {
  const [nobody] = await freePorts(1)
  const destination = destinationAt(address ?? `127.0.0.1:${nobody}`, 'gone', more)
  const running = startRunning({ dir, destination, ...(parts === undefined ? {} : { parts }) })
  onTestFinished(() => running.forward.stop())
  running.forward.head(10)
  return running
}

function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'fieldwatch-outage-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  return dir
}

/** Takes connections, and answers none unless that is added. */
async function listening(add: (server: Server) => Server, port = 0): Promise<{ readonly address: string }> {
  const server = add(createServer((socket) => socket.on('error', () => {})))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { address: `127.0.0.1:${(server.address() as { port: number }).port}` }
}
