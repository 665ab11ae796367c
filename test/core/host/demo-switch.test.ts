import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Status } from '../../../core/contract/calls.ts'
import { startHost } from '../../../core/host/host.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('a demo that a person switched off stays off at the next start', async () => {
  const dataDir = tempDir()
  writeFileSync(join(dataDir, 'config.json'), JSON.stringify({ demo: false }))
  const host = await startHost({ dataDir, version: '0', demo: 'when-empty' })
  const status = (await host.api.answer('status', {}, new AbortController().signal)) as Status // as the contract says
  await host.stop()
  expect([status.demo, status.sources]).toEqual([false, []])
})
