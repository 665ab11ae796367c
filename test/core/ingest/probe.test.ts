import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Aedes } from 'aedes'
import mqtt from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBroker } from '../../../core/ingest/broker/broker.ts'
import { probe } from '../../../core/ingest/probe.ts'
import { atEnd } from '../../support/at-end.ts'
import { type Certificates, hasOpenssl, makeCertificates } from '../../support/certificates.ts'
import { freePort, hasMosquitto, type Mosquitto, startMosquitto } from '../../support/mosquitto.ts'
import { findProgram } from '../../support/parts.ts'
import { source } from './capturing.ts'

const none = { password: null, passphrase: null }

describe.skipIf(!hasMosquitto)('with a real broker, a probe', () => {
  test('tells what it hears, decoded as the path would', async () => {
    const broker = await brokerWith('')
    await publish(broker.url, {
      'plant/pump': '{"ts":1764000000000,"pressure":5.02,"state":"running","open":true}',
      'plant/tank/level': '71.4',
      'plant/odd': Buffer.from([0xff, 0xfe, 0x00]),
    })
    const result = await probe(source(broker.url), none, 300)
    expect(result).toMatchObject({ ok: true, version: '5', tls: null, error: null })
    expect(result.milliseconds).toBeGreaterThanOrEqual(300)
    expect(result.topics.map(({ name, messages, text }) => ({ name, messages, text }))).toEqual([
      { name: 'plant/odd', messages: 1, text: null },
      {
        name: 'plant/pump',
        messages: 1,
        text: '{"ts":1764000000000,"pressure":5.02,"state":"running","open":true}',
      },
      { name: 'plant/tank/level', messages: 1, text: '71.4' },
    ])
    const [odd, pump, level] = result.topics
    expect(odd).toMatchObject({ undecodable: 'not_text', readings: [] })
    expect(pump!.readings.map(({ device, signal, value }) => [device, signal, value])).toEqual([
      ['plant/pump', 'pressure', 5.02],
      ['plant/pump', 'state', 'running'],
      ['plant/pump', 'open', true],
    ])
    expect(level!.readings).toMatchObject([{ device: 'plant/tank', signal: 'level', value: 71.4 }])
  })

  test('leaves no session behind, and does not disturb a client that is connected', async () => {
    const broker = await brokerWith('')
    await probe(source(broker.url, { clientId: 'fixed' }), none, 50)
    await probe(source(broker.url, { clientId: 'fixed' }), none, 50)
    const ids = [...broker.said().matchAll(/New client connected from \S+ as (\S+) \(([^)]*)\)/g)]
    expect(ids).toHaveLength(2)
    expect(ids[0]![1]).not.toBe(ids[1]![1])
    for (const [, id, how] of ids) {
      expect(id).toMatch(/^fwprobe/)
      expect(how).toContain('c1') // a clean session
    }
  })

  test('listens no longer than 3 s, and cuts a long message at 500 characters', async () => {
    const broker = await brokerWith('')
    await publish(broker.url, { long: `"${'x'.repeat(2_000)}"` })
    const result = await probe(source(broker.url), none, 60_000)
    expect(result.milliseconds).toBeLessThan(4_500)
    expect(result.topics[0]!.text).toHaveLength(500)
  })

  test('that is called off rejects at once, and ends its connection', async () => {
    const broker = await brokerWith('')
    const off = new AbortController()
    const asked = probe(source(broker.url), none, 3_000, off.signal)
    setTimeout(() => off.abort(new Error('the page is gone')), 200)
    const began = performance.now()
    await expect(asked).rejects.toThrow('the page is gone')
    expect(performance.now() - began).toBeLessThan(1_500)
  })

  test('speaks 3.1.1 when asked to', async () => {
    const broker = await brokerWith('')
    expect(await probe(source(broker.url, { version: '3.1.1' }), none, 50)).toMatchObject({
      ok: true,
      version: '3.1.1',
    })
  })

  test('says that a password is wrong, and gets in with the right one', async () => {
    const broker = await brokerWith('allow_anonymous false\npassword_file $DIR/passwords', (dir) => ({
      passwords: passwordFile(dir, 'line2', 'correct'),
    }))
    const known = source(broker.url, { username: 'line2' })
    expect((await probe(known, { ...none, password: 'wrong' }, 50)).error).toMatchObject({
      code: 'broker_login',
      message: '127.0.0.1 does not let this user in',
    })
    expect((await probe(source(broker.url), none, 50)).error?.code).toBe('broker_login')
    expect(await probe(known, { ...none, password: 'correct' }, 50)).toMatchObject({ ok: true, error: null })
  })

  test('says that a broker went away while it listened', async () => {
    const broker = await brokerWith('')
    const asked = probe(source(broker.url), none, 3_000)
    while (!broker.said().includes('fwprobe')) await new Promise((resolve) => setTimeout(resolve, 20))
    await broker.halt('SIGKILL')
    expect((await asked).error?.code).toBe('broker_lost')
  })

  describe.skipIf(!hasOpenssl)('over TLS', () => {
    let certificates: Certificates
    beforeAll(() => {
      certificates = makeCertificates()
    })
    afterAll(() => certificates.remove())

    test('names the protocol when the authority is known', async () => {
      const url = await tlsBroker(certificates)
      const result = await probe(source(url, { ca: certificates.file('ca.pem') }), none, 50)
      expect(result).toMatchObject({ ok: true, tls: 'TLSv1.3', error: null })
    })

    test('says that the authority is not the right one', async () => {
      const url = await tlsBroker(certificates)
      const result = await probe(source(url, { ca: certificates.file('other.pem') }), none, 50)
      expect(result).toMatchObject({ ok: false, tls: null, topics: [] })
      expect(result.error).toMatchObject({ code: 'broker_tls' })
      expect(result.error?.message).toContain('authority that is not known here')
    })

    test('says that the certificate is for another name', async () => {
      const url = (await tlsBroker(certificates)).replace('localhost', '127.0.0.1')
      const { error } = await probe(source(url, { ca: certificates.file('ca.pem') }), none, 50)
      expect(error).toMatchObject({ code: 'broker_tls' })
      expect(error?.message).toContain('for another name')
    })

    test('says that a port speaks no TLS', async () => {
      const broker = await brokerWith('')
      const { error } = await probe(
        source(broker.url.replace('mqtt:', 'mqtts:'), { ca: certificates.file('ca.pem') }),
        none,
        50,
      )
      expect(['broker_tls', 'broker_lost']).toContain(error?.code)
    })
  })
})

describe('without a broker, a probe', () => {
  test('says that nothing answers on the port', async () => {
    const port = await freePort()
    const result = await probe(source(`mqtt://127.0.0.1:${port}`), none, 50)
    expect(result).toMatchObject({ ok: false, version: null })
    expect(result.error).toMatchObject({
      code: 'broker_refused',
      message: `127.0.0.1 does not answer on port ${port}`,
    })
  })

  test('says that no machine has the name', async () => {
    const { error } = await probe(source('mqtt://no-such-machine.invalid:1883'), none, 50)
    expect(error).toMatchObject({ code: 'broker_dns', message: 'no machine is called "no-such-machine.invalid"' })
  })

  test('says that nothing was answered in time', async () => {
    const { server, url } = await mute()
    const result = await probe(source(url), none, 50)
    expect(result.error?.code).toBe('broker_timeout')
    expect(result.milliseconds).toBeLessThan(7_000)
    server.close()
  })
})

test('says that the file of the authority cannot be read, before it connects', async () => {
  const { error } = await probe(source('mqtts://localhost:8883', { ca: '/nowhere/ca.pem' }), none, 50)
  expect(error).toMatchObject({ code: 'broker_tls', message: 'ca: "/nowhere/ca.pem" cannot be read' })
})

// Aedes, because Mosquitto with an ACL file grants every filter and then sends nothing.
test.each(['auto', '3.1.1'] as const)('a topic that is refused is named, version %s', async (version) => {
  const url = await pickyBroker('plant/#')
  const result = await probe(source(url, { version, topics: ['plant/#', 'office/#'] }), none, 50)
  expect(result).toMatchObject({ ok: false, version: '3.1.1' })
  expect(result.error).toMatchObject({ code: 'broker_topic_refused' })
  expect(result.error?.message).toContain('refuses the topic "office/#"')
  expect(await probe(source(url, { version, topics: ['plant/#'] }), none, 50)).toMatchObject({ ok: true, error: null })
})

test('a broker that knows 3.1.1 only is tried again in 3.1.1', async () => {
  const broker = await startBroker()
  atEnd(() => broker.stop())
  expect(await probe(source(broker.url), none, 50)).toMatchObject({ ok: true, version: '3.1.1' })
})

async function brokerWith(conf: string, files?: (dir: string) => Record<string, string>): Promise<Mosquitto> {
  const dir = mkdtempSync(join(tmpdir(), 'probe-'))
  const broker = await startMosquitto({ conf, ...(files === undefined ? {} : { files: files(dir) }) })
  rmSync(dir, { recursive: true, force: true })
  atEnd(() => broker.stop())
  return broker
}

function passwordFile(dir: string, user: string, password: string): string {
  const file = join(dir, 'passwords')
  execFileSync(findProgram('mosquitto_passwd')!, ['-c', '-b', file, user, password], { stdio: 'pipe' })
  return readFileSync(file, 'utf8')
}

async function publish(url: string, messages: Readonly<Record<string, string | Buffer>>): Promise<void> {
  const client = await mqtt.connectAsync(url, { reconnectPeriod: 0 })
  for (const [topic, bytes] of Object.entries(messages))
    await client.publishAsync(topic, bytes, { retain: true, qos: 1 })
  await client.endAsync()
}

/** Its address. */
async function tlsBroker(certificates: Certificates): Promise<string> {
  const files = certificates.files('server.key', 'server.pem')
  const port = await freePort()
  const conf = `listener ${port} 127.0.0.1\ncertfile $DIR/server.pem\nkeyfile $DIR/server.key`
  const broker = await startMosquitto({ conf, files })
  atEnd(() => broker.stop())
  return `mqtts://localhost:${port}`
}

/** Grants one filter and refuses every other. */
async function pickyBroker(granted: string): Promise<string> {
  const aedes = await Aedes.createBroker({
    authorizeSubscribe: (_client, wanted, done) => done(null, wanted.topic === granted ? wanted : null),
  })
  const server = createServer(aedes.handle)
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  atEnd(async () => {
    server.close()
    await new Promise<void>((resolve) => aedes.close(resolve))
  })
  return `mqtt://127.0.0.1:${port}`
}

/** Takes connections and never says a word. */
async function mute(): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer(() => {})
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  atEnd(async () => server.close())
  return { server, url: `mqtt://127.0.0.1:${port}` }
}
