import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { secretName } from '../../../core/config/secrets.ts'
import type { DestinationConfig } from '../../../core/contract/calls.ts'
import { openClient, runFieldwatch, startApp, until } from '../../support/app.ts'
import { hasOpenssl } from '../../support/certificates.ts'
import { destinationAt } from '../../support/kafka/destination.ts'
import { hasKafka, startKafka } from '../../support/kafka/kafka.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { startTokenEndpoint } from '../../support/token-endpoint.ts'

const debug = { KAFKAJS_LOG_LEVEL: 'DEBUG', KAFKAJS_DEBUG_PROTOCOL_BUFFERS: '1' }
const quiet = new Set(['secrets.json', 'secrets.sealed.json'])

test.skipIf(!(hasKafka() && hasOpenssl))(
  'no secret leaves its store: not by a log, an error, a file, the API, the metrics, a backup or an export',
  async () => {
    const tokens = await startTokenEndpoint('canary-of-tokens')
    const kafka = await startKafka({ secure: true, properties: 'allow.everyone.if.no.acl.found=true\n' })
    const { certificates, login, mutual } = kafka.secured!
    const data = tempDir()
    const tls = { tls: true, ca: certificates.file('ca.pem') }
    const own = { cert: certificates.file('client.pem'), key: certificates.file('client.locked') }
    const oauth = { ...tls, sasl: 'oauthbearer', username: 'edge1', tokenUrl: tokens.url } as const
    const destinations: DestinationConfig[] = [
      destinationAt(login, 'accepted', { ...tls, sasl: 'plain', username: 'edge1' }),
      destinationAt(login, 'refused', { ...tls, sasl: 'plain', username: 'edge1' }),
      destinationAt(login, 'token', oauth),
      destinationAt(login, 'no-token', oauth),
      destinationAt(mutual, 'locked', { ...tls, ...own }),
    ]
    writeFileSync(join(data, 'config.json'), JSON.stringify({ zone: 'UTC' }))
    const csv = join(data, 'past.csv')
    writeFileSync(csv, ['ts,value', ...Array.from({ length: 500 }, (_, i) => `${1.7e12 + i * 1_000},${i}`)].join('\n'))
    expect(await runFieldwatch(['import', csv, '--data', data])).toMatchObject({ code: 0 })
    const app = await startApp(['--data', data], 'serve', debug)
    try {
      const client = await openClient(app)
      const heard: unknown[] = []
      client.on('status', (push) => heard.push(push))
      const config = await client.call('config', {})
      const put = { config: { ...config, destinations }, secrets: canaries() }
      heard.push(await client.call('config.put', put))
      const tooLong = [{ name: 'destination/refused/password', value: 'canary-too-long'.repeat(1_000) }]
      heard.push(await client.call('config.put', { ...put, secrets: tooLong }).catch(all))
      const states = await until('every destination in its state', async () => {
        const rows = await client.call('destinations', {})
        const stands = rows.map((row) => `${row.name}: ${row.error?.code ?? (row.confirmed.records > 0 ? 'sent' : '')}`)
        if (rows.length === 5 && stands.every((text) => /: (sent|kafka_auth|kafka_tls)$/.test(text))) return stands
        throw new Error(JSON.stringify(rows))
      })
      expect(states).toEqual([
        'accepted: sent',
        'refused: kafka_auth',
        'token: sent',
        'no-token: kafka_auth',
        'locked: kafka_tls',
      ])
      for (const [name, input] of reads()) heard.push(await client.call(name, input as never))
      const token = readFileSync(join(data, 'metrics-token'), 'utf8').trim()
      heard.push(
        await (await fetch(`${client.origin}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text(),
      )
      client.close()
      const to = ['--data', data, '--to', join(tempDir(), 'backup')]
      heard.push(await runFieldwatch(['backup', ...to]), filesIn(to[3]!))
      heard.push(await runFieldwatch(['export', '--data', data, '--format', 'jsonl', '--out', '-']))
      expect(await app.stop()).toBe(0)
      heard.push(app.said(), filesIn(data))
      const seen = heard.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n')
      expect(seen.length).toBeGreaterThan(100_000)
      expect(tokens.tokens.length).toBeGreaterThan(0)
      for (const secret of [...canaries().map(({ value }) => value), 'canary-too-long', ...tokens.tokens])
        for (const written of waysOf(secret)) expect(seen.includes(written), `${secret} as ${written}`).toBe(false)
    } finally {
      await app.kill().catch(() => {})
      await kafka.remove()
      await tokens.stop()
    }
  },
  180_000,
)

function canaries() {
  return [
    { name: secretName('destination', 'accepted'), value: 'secret-1' },
    { name: secretName('destination', 'refused'), value: 'canary-of-plain' },
    { name: secretName('destination', 'token'), value: 'canary-of-tokens' },
    { name: secretName('destination', 'no-token'), value: 'canary-of-no-token' },
    { name: 'destination/locked/passphrase', value: 'canary-of-the-key' },
  ]
}

function reads() {
  return [
    ['status', {}],
    ['config', {}],
    ['config.schema', {}],
    ['destinations', {}],
    ['outages', {}],
    ['ledger', { destination: null, before: null, limit: 100 }],
    ['lag', { from: 0, until: Date.now(), points: 10 }],
  ] as const
}

/** An error with everything that hangs on it. */
function all(error: unknown): unknown {
  return error instanceof Error
    ? { ...error, message: error.message, stack: error.stack, cause: all(error.cause) }
    : error
}

/** All that lies in a directory, but for the store itself. */
function filesIn(dir: string): string {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((file) => !quiet.has(file) && statSync(join(dir, file)).isFile())
    .map((file) => readFileSync(join(dir, file), 'latin1'))
    .join('\n')
}

/** As text, as base64 alone and behind its user, and as a list of bytes. */
function waysOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const basic = Buffer.from(`edge1:${encodeURIComponent(secret)}`).toString('base64')
  return [secret, bytes.toString('base64'), basic, bytes.toString('hex'), [...bytes].join(',')]
}
