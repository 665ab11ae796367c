import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import mqtt from 'mqtt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWebSocketStream, WebSocketServer } from 'ws'
import type { SourceConfig } from '../../../core/contract/calls.ts'
import { probe } from '../../../core/ingest/probe.ts'
import { atEnd } from '../../support/at-end.ts'
import { type Certificates, hasOpenssl, makeCertificates, passphrase } from '../../support/certificates.ts'
import { freePort, hasMosquitto, startMosquitto } from '../../support/mosquitto.ts'
import { capturing, source } from './capturing.ts'

describe.skipIf(!hasMosquitto || !hasOpenssl)('to a broker behind TLS', () => {
  let certificates: Certificates
  beforeAll(() => {
    certificates = makeCertificates()
  })
  afterAll(() => certificates.remove())

  const ca = () => ({ ca: certificates.file('ca.pem') })
  const own = (name = 'client') => ({ cert: certificates.file(`${name}.pem`), key: certificates.file(`${name}.key`) })

  /** Its port. `lines` come after those of the listener. */
  async function broker(server: 'server' | 'expired', lines = ''): Promise<number> {
    const port = await freePort()
    const plain = await freePort()
    const files = certificates.files(`${server}.pem`, `${server}.key`, 'ca.pem')
    const tls = `certfile $DIR/${server}.pem\nkeyfile $DIR/${server}.key\ncafile $DIR/ca.pem`
    // Mosquitto 2.0.11 does not start without a listener that is no WebSocket.
    const conf = `listener ${plain} 127.0.0.1\nlistener ${port} 127.0.0.1\nsocket_domain ipv4\n${tls}\n${lines}`
    const one = await startMosquitto({ conf, files })
    atEnd(() => one.stop())
    return port
  }

  async function captures(url: string, more: Partial<SourceConfig>, secret: string | null = null): Promise<void> {
    const one = capturing()
    one.capture.addSource(source(url, more), null, secret)
    await one.row(({ state }) => state === 'up')
    await one.until(() => one.messages().length > 0)
  }

  async function refusal(url: string, more: Partial<SourceConfig>, secret: string | null = null) {
    const one = capturing()
    one.capture.addSource(source(url, more), null, secret)
    const { state, error } = await one.row((row) => row.error !== null)
    const tried = await probe(source(url, more), { password: null, passphrase: secret }, 50)
    expect(tried.error).toEqual(error)
    return { state, ...error }
  }

  test.each(['mqtts', 'wss'] as const)('%s with an own authority and a client certificate captures', async (scheme) => {
    const websocket = scheme === 'wss' ? '\nprotocol websockets' : ''
    const port = await broker('server', `require_certificate true${websocket}`)
    const url = `${scheme}://localhost:${port}`
    await sayOnce(url, { ca: certificates.files('ca.pem')['ca.pem']!, ...texts('client') })
    await captures(url, { ...ca(), ...own() })
    await captures(url, { ...ca(), ...own(), key: certificates.file('client.locked') }, passphrase)
    await captures(url.replace('localhost', '127.0.0.1'), { ...ca(), ...own(), serverName: 'localhost' })
  })

  function texts(name: string) {
    const { [`${name}.pem`]: cert, [`${name}.key`]: key } = certificates.files(`${name}.pem`, `${name}.key`)
    return { cert: cert!, key: key! }
  }

  test.each([
    [
      'an authority that is not known',
      'server',
      'localhost',
      () => ({ ca: certificates.file('other.pem') }),
      'not known here',
    ],
    ['the authorities of the system only', 'server', 'localhost', () => ({}), 'not known here'],
    ['a certificate that has expired', 'expired', 'localhost', ca, 'its certificate has expired'],
    ['a certificate for another name', 'server', '127.0.0.1', ca, 'its certificate is for another name'],
    [
      'a server name that is not in it',
      'server',
      'localhost',
      () => ({ ...ca(), serverName: 'b' }),
      'for another name',
    ],
  ] as const)('%s is said as such, with and without a WebSocket', async (_, server, host, more, sentence) => {
    for (const [scheme, lines] of [
      ['mqtts', ''],
      ['wss', 'protocol websockets'],
    ]) {
      const port = await broker(server, lines)
      const { state, code, message } = await refusal(`${scheme}://${host}:${port}`, more())
      expect([state, code]).toEqual(['action needed', 'broker_tls'])
      expect(message).toContain(sentence)
    }
  })

  test.each([
    ['no client certificate', () => ({}), 'it asks for a certificate of this machine and got none that it takes'],
    ['one of another authority', () => own('stranger'), 'it does not know the authority of our certificate'],
    ['one that has expired', () => own('expired'), 'our certificate has expired'],
  ] as const)('a broker that requires a certificate and gets %s says so', async (_, more, sentence) => {
    const port = await broker('server', 'require_certificate true')
    const { state, code, message } = await refusal(`mqtts://localhost:${port}`, { ...ca(), ...more() })
    expect([state, code, message]).toEqual([
      'action needed',
      'broker_tls',
      `no trusted connection to localhost: ${sentence}`,
    ])
  })

  test.each([
    ['a passphrase is missing', 'client.pem', 'client.locked', null, 'is locked with a passphrase'],
    ['a passphrase is wrong', 'client.pem', 'client.locked', 'wrong', 'does not open with this passphrase'],
    ['a key is of another certificate', 'client.pem', 'stranger.key', null, 'is not the key of the certificate'],
    ['a key is none', 'client.pem', 'ca.pem', null, 'holds no private key'],
    ['a certificate is none', 'client.key', 'client.key', null, 'holds no certificate'],
    ['a certificate is not there', 'gone.pem', 'client.key', null, 'cannot be read'],
  ] as const)('before it connects: %s', async (_, cert, key, secret, sentence) => {
    const files = { cert: certificates.file(cert), key: certificates.file(key) }
    const { code, message } = await refusal('mqtts://127.0.0.1:1', { ...ca(), ...files }, secret)
    expect(code).toBe('broker_tls')
    expect(message).toContain(sentence)
  })

  test('the protocol name that a broker asks for while TLS is agreed is given, and a wrong one is said as such', async () => {
    const behind = await startMosquitto()
    atEnd(() => behind.stop())
    await sayOnce(behind.url)
    const server = createTlsServer({ ...texts('server'), ALPNProtocols: ['mqtt'] }, (socket) => {
      if (socket.alpnProtocol !== 'mqtt') socket.destroy()
      else
        socket
          .pipe(connectTcp(behind.port, '127.0.0.1'))
          .on('error', () => socket.destroy())
          .pipe(socket)
      socket.on('error', () => undefined) // the client went away
    })
    const url = `mqtts://localhost:${await listen(server)}`
    await captures(url, { ...ca(), alpn: 'mqtt' })
    const { code, message } = await refusal(url, { ...ca(), alpn: 'mqtt-old' })
    expect([code, message]).toEqual([
      'broker_tls',
      'no trusted connection to localhost: it does not speak the protocol that was asked for (ALPN)',
    ])
  })
})

describe.skipIf(!hasMosquitto)('over a WebSocket', () => {
  test('Mosquitto is captured from', async () => {
    const [plain, port] = [await freePort(), await freePort()]
    const websockets = `listener ${port} 127.0.0.1\nsocket_domain ipv4\nprotocol websockets`
    const broker = await startMosquitto({ conf: `listener ${plain} 127.0.0.1\n${websockets}` })
    atEnd(() => broker.stop())
    await sayOnce(`mqtt://127.0.0.1:${plain}`)
    const one = capturing()
    one.capture.addSource(source(`ws://127.0.0.1:${port}`), null)
    await one.until(() => one.messages().length === 1)
  })

  test('the path of the address is asked for, and a path that is not there is said as such', async () => {
    const behind = await startMosquitto()
    atEnd(() => behind.stop())
    await sayOnce(behind.url)
    const port = await listen(webSocketTo('/plant/mqtt?site=1', behind.port))
    const one = capturing()
    one.capture.addSource(source(`ws://127.0.0.1:${port}/plant/mqtt?site=1`), null)
    await one.until(() => one.messages().length === 1)
    const other = capturing()
    other.capture.addSource(source(`ws://127.0.0.1:${port}/mqtt`), null)
    const { error } = await other.row((row) => row.error !== null)
    expect(error).toMatchObject({
      code: 'broker_refused',
      message: 'the server has no MQTT at the path "/mqtt": it answers 400',
    })
  })
})

/** A web server that has MQTT under one path, and a real broker behind it. */
function webSocketTo(path: string, port: number): Server {
  const server = createServer((_: IncomingMessage, answer) => answer.writeHead(404).end())
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'mqtt' })
  server.on('upgrade', (request, socket, head) => {
    if (request.url !== path) socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    else
      sockets.handleUpgrade(request, socket, head, (websocket) => {
        const stream = createWebSocketStream(websocket)
        stream.on('error', () => undefined) // the client went away
        stream.pipe(connectTcp(port, '127.0.0.1')).pipe(stream)
      })
  })
  atEnd(() => {
    for (const client of sockets.clients) client.terminate()
  })
  return server
}

async function listen(
  server: { listen(port: number, host: string): unknown; close(): unknown; address(): unknown } & NodeJS.EventEmitter,
): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => server.close())
  return (server.address() as AddressInfo).port
}

/** One message that the broker keeps, so that every subscriber hears it. */
async function sayOnce(url: string, tls: { ca?: string; cert?: string; key?: string } = {}): Promise<void> {
  const client = await mqtt.connectAsync(url, tls)
  await client.publishAsync('kept', '1', { qos: 1, retain: true })
  await client.endAsync()
}
