import mqtt, { type MqttClient } from 'mqtt'
import { describe, expect, test } from 'vitest'
import { atEnd } from '../../support/at-end.ts'
import { eventually } from '../../support/eventually.ts'
import { hasMosquitto } from '../../support/mosquitto.ts'
import { startScripted, welcome } from '../../support/scripted-broker.ts'
import { startWire } from '../../support/wire.ts'
import { type Capturing, capturing, mosquitto, source } from './capturing.ts'

async function publisher(url: string): Promise<MqttClient> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 4 })
  atEnd(() => client.endAsync(true))
  return client
}

describe.skipIf(!hasMosquitto)('several brokers at once', () => {
  test('each has its own state, and one that goes does not disturb the other', async () => {
    const [here, there] = [await mosquitto(), await mosquitto()]
    const one = capturing()
    one.capture.addSource(source(here.url, { name: 'here' }), null)
    one.capture.addSource(source(there.url, { name: 'there', version: '3.1.1' }), null)
    await one.until(({ rows }) => rows.length === 2 && rows.every(({ state }) => state === 'up'))
    await there.halt('SIGKILL')
    await one.row(({ name, state }) => name === 'there' && state === 'down')
    const client = await publisher(here.url)
    await one.until(() => {
      client.publish('line/1', '1', { qos: 1 })
      return one.messages().length >= 50
    })
    expect(one.rows.find(({ name }) => name === 'here')).toMatchObject({ state: 'up', version: '5', error: null })
    expect(one.links().filter((link) => link.startsWith('here'))).toEqual(['here up'])
    await there.start()
    const ofThere = () => one.links().filter((link) => link.startsWith('there'))
    await one.until(() => ofThere().length === 3)
    expect(ofThere()).toEqual(['there up', 'there down', 'there up'])
  })
})

describe('a broker that ends every connection', () => {
  test('is tried ever less, and the log holds one record for the change, not one for each try', async () => {
    const broker = await startScripted(({ socket }) => socket.resetAndDestroy())
    atEnd(() => broker.stop())
    const one = capturing()
    const began = performance.now()
    one.capture.addSource(source(broker.url, { version: '5' }), null)
    await eventually(() => broker.connections >= 5)
    expect(performance.now() - began).toBeGreaterThan(250 + 500 + 1_000 + 2_000) // the least that four pauses are
    expect(one.links()).toEqual(['started', 'plant down'])
  })

  test('that says why with MQTT 5 is quoted', async () => {
    const broker = await startScripted((two, packet) => {
      if (welcome(two, packet) && packet.cmd === 'subscribe') two.send({ cmd: 'disconnect', reasonCode: 152 })
    })
    atEnd(() => broker.stop())
    const one = capturing()
    one.capture.addSource(source(broker.url, { version: '5' }), null)
    const { state, error } = await one.row((row) => row.error !== null)
    expect([state, error?.message]).toEqual([
      'down',
      '127.0.0.1 said goodbye: somebody who runs it ended the connection',
    ])
  })
})

describe.skipIf(!hasMosquitto)('the same client id twice', () => {
  test.each(['5', '3.1.1'] as const)(
    'MQTT %s: one is told of it and stays away, the other goes on',
    async (version) => {
      const broker = await mosquitto()
      const two = [capturing(), capturing()]
      const [first, second] = two
      first!.capture.addSource(source(broker.url, { version, clientId: 'same' }), null)
      await first!.row(({ state }) => state === 'up')
      second!.capture.addSource(source(broker.url, { version, clientId: 'same' }), null)
      const taken = (one: Capturing) => one.rows.some(({ error }) => error?.code === 'broker_taken')
      while (!two.some(taken)) await Promise.race(two.map((one) => new Promise<void>((done) => one.next(done))))
      const loser = two.find(taken)!
      const winner = two.find((one) => one !== loser)!
      const words = 'another program seems to use the client id "same"' // Mosquitto 2.0.11 says nothing with MQTT 5 either
      expect(loser.rows[0]?.state).toBe('action needed')
      expect(loser.rows[0]?.error?.message).toContain(words)
      await winner.row(({ state }) => state === 'up')
      const client = await publisher(broker.url)
      await winner.until(() => {
        client.publish('line/1', '1', { qos: 1 })
        return winner.messages().length >= 20
      })
      expect(broker.said().match(/as same \(/g)!.length).toBeLessThanOrEqual(8)
      expect(winner.rows[0]?.state).toBe('up')
    },
  )
})

describe('a broker that says that another took over', () => {
  test('is believed at once, and not fought with', async () => {
    const broker = await startScripted((two, packet) => {
      if (welcome(two, packet) && packet.cmd === 'subscribe') two.send({ cmd: 'disconnect', reasonCode: 142 })
    })
    atEnd(() => broker.stop())
    const one = capturing()
    one.capture.addSource(source(broker.url, { version: '5', clientId: 'same' }), null)
    const { state, error } = await one.row((row) => row.error !== null)
    expect([state, error?.code, error?.message]).toEqual([
      'action needed',
      'broker_taken',
      'another program uses the client id "same" at 127.0.0.1',
    ])
    expect(broker.connections).toBe(1)
  })
})

describe.skipIf(!hasMosquitto)('after a sleep', () => {
  test('a link that the broker has given up is found at once, and made anew', async () => {
    const broker = await mosquitto()
    const wire = await startWire(broker.port)
    atEnd(() => wire.stop())
    const one = capturing()
    one.capture.addSource(source(wire.url), null)
    await one.row(({ state }) => state === 'up')
    wire.swallow()
    one.capture.append([{ time: Date.now(), kind: 'link', source: '', name: 'awake', bytes: Buffer.from('{}') }])
    const { error } = await one.row(({ state }) => state === 'down')
    expect(error?.message).toContain('it did not answer after this machine had slept')
    await one.row(({ state }) => state === 'up')
  })

  test('a link that still stands is left as it is, and one that waits for its next try is tried at once', async () => {
    const [broker, gone] = [await mosquitto(), await mosquitto()]
    const one = capturing()
    const start = Date.now()
    one.capture.addSource(source(broker.url, { name: 'stands' }), null)
    await one.row(({ state }) => state === 'up')
    await gone.halt('SIGKILL')
    one.capture.addSource(source(gone.url, { name: 'waits' }), null)
    await one.row(({ state }) => state === 'down')
    await gone.start()
    one.now = () => start + 3_600_000 // no word of a sleep but the leap of the clock
    await one.row(({ name, state }) => name === 'waits' && state === 'up')
    const client = await publisher(broker.url)
    await one.until(() => {
      client.publish('line/1', '1', { qos: 1 })
      return one.messages().length >= 5
    })
    expect(one.links().filter((link) => link.startsWith('stands'))).toEqual(['stands up'])
  })
})
