import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { destinationAt } from '../../support/kafka/destination.ts'
import { freePorts } from '../../support/kafka/kafka.ts'
import { startRunning } from '../../support/kafka/running.ts'

test('an outage of a destination ends when that is removed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fieldwatch-outage-'))
  const [nobody] = await freePorts(1)
  const { forward, until } = startRunning({ dir, destination: destinationAt(`127.0.0.1:${nobody}`, 'gone') })
  forward.head(10)
  await until((row) => row.state === 'waiting')
  expect(forward.outages()).toMatchObject([{ destination: 'gone', until: null }])
  await forward.update([])
  expect(forward.outages()).toMatchObject([{ destination: 'gone', until: expect.any(Number) }])
  await forward.stop()
  rmSync(dir, { recursive: true })
})
