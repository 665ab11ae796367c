import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import mqtt, { type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openReader } from '../../../core/log/reader.ts'
import { verify } from '../../../core/log/verify.ts'
import { until } from '../../support/app.ts'
import { CaptureProcess, killAll } from '../../support/capture/captured.ts'
import { copiesIn } from '../../support/capture/copies.ts'
import { clientId, makeSession } from '../../support/capture/killer.ts'
import { BrokerWitness } from '../../support/capture/witness.ts'
import { DiskOrders, failingDisk, hasFailingDisk } from '../../support/faults/disk.ts'
import { hasMosquitto, type Mosquitto, startMosquitto } from '../../support/mosquitto.ts'
import { hasOwnMounts, withOwnMounts } from '../../support/own-mounts.ts'
import { seeded } from '../../support/seeded.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { readAll } from '../log/records.ts'

// Capture from a real broker onto a disk that takes no more: nothing is acknowledged that is not stored, the state says
// why, and it goes on by itself.

describe.skipIf(!hasMosquitto)('capture onto a disk that takes no more', () => {
  let broker: Mosquitto
  let witness: BrokerWitness
  let publisher: MqttClient
  let published: number

  beforeEach(async () => {
    published = 0
    witness = new BrokerWitness(clientId)
    broker = await startMosquitto({ conf: 'max_queued_messages 0\nmax_inflight_bytes 0', heard: witness.hear })
    await makeSession(broker.url, '5')
    publisher = await mqtt.connectAsync(broker.url)
  })

  afterEach(async () => {
    await killAll()
    await publisher.endAsync()
    await broker.stop()
  })

  async function publish(n: number): Promise<void> {
    const from = published
    published += n
    await Promise.all(
      Array.from({ length: n }, (_, i) => publisher.publishAsync(`plant/${from + i}`, randomBytes(1_000), { qos: 1 })),
    )
  }

  /** What is acknowledged and not in the log; the topics that are in it twice; what verify finds. */
  async function look(dir: string) {
    const reader = openReader(dir)
    const { there, unmarked } = copiesIn(readAll(reader, 0).filter(({ kind }) => kind === 'message'))
    reader.close()
    return {
      missing: [...witness.acknowledged].filter((topic) => !there.has(topic)),
      stored: there.size,
      unmarked,
      problems: (await verify(dir)).problems,
    }
  }

  test.skipIf(!hasFailingDisk).each([
    { fault: 'ENOSPC', seed: 31 },
    { fault: 'EIO', seed: 32 },
  ] as const)(
    'that fails with $fault from some write on (seed $seed), is killed meanwhile, and is well again',
    async ({ fault, seed }) => {
      const dir = tempDir()
      const log = join(dir, 'log')
      const env = failingDisk(dir, log)
      const orders = new DiskOrders(join(dir, 'order'))
      const random = seeded(seed)
      for (const killed of [true, false]) {
        const capture = new CaptureProcess(log, broker.url, '5', 'natural', { env })
        await capture.until(({ messages }) => messages > 0 || published === 0)
        orders.fail(1 + Math.floor(random() * 20), fault, true)
        await publish(300)
        const { code } = await capture.until((told) => told.code !== null)
        expect(code).toMatch(/^disk_(full|error)$/)
        expect(await look(log)).toMatchObject({ missing: [], unmarked: 0, problems: [] })
        if (killed) await capture.kill()
        orders.heal()
        if (killed) continue
        await capture.until((told) => told.code === null)
        await publish(1)
        await until('all is stored', async () => (await look(log)).stored === published)
        await capture.stop()
      }
      orders.close()
      await witness.gone()
      expect(await look(log)).toEqual({ missing: [], stored: published, unmarked: 0, problems: [] })
      expect(witness.acknowledged.size).toBe(published)
    },
  )

  test.skipIf(!hasOwnMounts)('that is really full, until a file of somebody else goes', async () => {
    const [disk, copy] = [tempDir(), join(tempDir(), 'log')]
    const script = [
      'disk="$1"; copy="$2"; shift 2',
      'mount -t tmpfs -o size=4m tmpfs "$disk"',
      'head -c 3300000 /dev/zero > "$disk/films"',
      '"$@"',
      'cp -a "$disk/log" "$copy"',
    ].join('\n')
    const within = (line: readonly string[]) => withOwnMounts(script, [disk, copy, ...line])
    const capture = new CaptureProcess(join(disk, 'log'), broker.url, '5', 'natural', { within })
    await capture.until(() => true)
    await publish(800)
    const { code } = await capture.until((told) => told.code !== null)
    expect(code).toBe('disk_full')
    expect(witness.acknowledged.size).toBeLessThan(published)
    capture.remove(join(disk, 'films'))
    await capture.until((told) => told.code === null)
    await until('all is acknowledged', async () => witness.acknowledged.size === published)
    await capture.stop()
    expect(existsSync(join(disk, 'films'))).toBe(false)
    expect(await look(copy)).toEqual({ missing: [], stored: published, unmarked: 0, problems: [] })
  })
})
