import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { FieldError } from '../../../core/contract/errors.ts'
import { explain, waitBefore } from '../../../core/sync/failures.ts'
import { topicsOf } from '../../../core/sync/topics.ts'
import { StepError } from '../../../core/sync/wait.ts'
import { destinationAt } from '../../support/kafka/destination.ts'

const errors = createRequire(import.meta.url)('kafkajs/src/errors') as Record<string, new (...of: unknown[]) => Error>
const { createErrorFromCode } = createRequire(import.meta.url)('kafkajs/src/protocol/error') as {
  createErrorFromCode: (code: number) => Error
}
const destination = destinationAt('kafka.plant:9092', 'central', {
  username: 'edge1',
  sasl: 'scram-sha-512',
  tls: true,
})
const where = {
  destination,
  topics: topicsOf(destination, 'hall'),
  principal: 'edge1',
  name: { transactionalId: 'edge.fw-1.central', group: 'edge.ckpt.fw-1.central', topic: 'central.telemetry' },
}
const wrapped = (step: ConstructorParameters<typeof StepError>[0], cause: Error) =>
  new StepError(step, new errors.KafkaJSNumberOfRetriesExceeded!(cause, { retryCount: 5, retryTime: 1 }))
const connection = (code: string) => new errors.KafkaJSConnectionError!('Connection error', { broker: 'b', code })

test.each([
  ['topic write', 'send', 29, /--operation Write --topic central\.telemetry/],
  ['checkpoint read', 'offsets', 29, /--operation Read --topic central\.telemetry/],
  ['group', 'offsets', 30, /--operation Read --group edge\.ckpt\.fw-1\.central/],
] as const)('a missing permission (%s) shows the line that grants it', (_, step, code, line) => {
  const { error, state, backoff } = explain(wrapped(step, createErrorFromCode(code)), where)
  expect(error).toMatchObject({ code: 'kafka_denied', message: expect.stringContaining('user "edge1"') })
  expect(error.hint).toMatch(line)
  expect(error.hint).toContain(
    "kafka-acls --bootstrap-server kafka.plant:9092 --command-config admin.properties --add --allow-principal 'User:edge1'",
  )
  expect([state, backoff]).toEqual(['action needed', 'denied'])
})

test.each([
  ['ECONNREFUSED', 'kafka_unreachable', /kafka\.plant:9092 refuses the connection: nothing listens/, 'waiting', 'soon'],
  ['ENOTFOUND', 'kafka_unreachable', /no address is known for kafka\.plant:9092/, 'waiting', 'soon'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'kafka_tls', /authority that this machine does not know/, 'action needed', 'tls'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'kafka_tls', /for another host name/, 'action needed', 'tls'],
  ['CERT_HAS_EXPIRED', 'kafka_tls', /has expired/, 'action needed', 'tls'],
] as const)('a connection that fails with %s is told in words', (raw, code, words, state, backoff) => {
  const failure = explain(wrapped('connect', connection(raw)), where)
  expect(failure).toMatchObject({ state, backoff, error: { code, message: expect.stringMatching(words) } })
  expect(failure.error.hint).toContain(raw)
})

test('a refused login says who, and is tried rarely', () => {
  const refused = new errors.KafkaJSSASLAuthenticationError!('SASL SCRAM authentication failed')
  const failure = explain(new StepError('connect', refused), where)
  expect(failure.error).toMatchObject({ code: 'kafka_auth', message: expect.stringContaining('user "edge1"') })
  expect(waitBefore(1, failure.backoff, 0.5)).toBe(60_000)
  expect(waitBefore(9, failure.backoff, 0.5)).toBe(900_000)
})

test('who may not use transactions is asked, unless exactly once was chosen; the line stands there either way', () => {
  const error = wrapped('begin', createErrorFromCode(53))
  const line = /--operation Write --transactional-id edge\.fw-1\.central/
  const asked = explain(error, where)
  expect(asked).toMatchObject({ state: 'action needed', backoff: 'denied', error: { code: 'kafka_no_transactions' } })
  expect(asked.error.hint).toMatch(line)
  expect(asked.grant).toEqual([expect.stringMatching(line)])
  const chosen = explain(error, { ...where, destination: { ...where.destination, delivery: 'exactly-once' } })
  expect(chosen).toMatchObject({ grant: asked.grant, error: { code: 'kafka_denied' } })
  expect(chosen.error.hint).not.toMatch(/at least once/)
})

/** What a cluster can answer, by its number in the protocol, while this is done. */
const answers = [
  [3, 'send', 'waiting', 'soon', /does not have all of our topics yet/, /tried again/],
  [5, 'send', 'waiting', 'soon', /moves to another broker/, /tried again/],
  [6, 'send', 'waiting', 'soon', /moves to another broker/, /tried again/],
  [7, 'send', 'waiting', 'soon', /too few copies of the topic alive/, /when its other brokers are back/],
  [10, 'send', 'catching up', 'rejected', /rejects a record \(MESSAGE_TOO_LARGE\)/, /set aside/],
  [14, 'checkpoint', 'waiting', 'soon', /is starting/, /tried again/],
  [15, 'checkpoint', 'waiting', 'soon', /is starting/, /tried again/],
  [16, 'checkpoint', 'waiting', 'soon', /is starting/, /tried again/],
  [17, 'topics', 'waiting', 'soon', /does not have all of our topics yet/, /tried again/],
  [18, 'send', 'catching up', 'rejected', /rejects a record \(RECORD_LIST_TOO_LARGE\)/, /set aside/],
  [19, 'send', 'waiting', 'soon', /too few copies of the topic alive/, /min\.insync\.replicas/],
  [20, 'send', 'waiting', 'soon', /too few copies of the topic alive/, /min\.insync\.replicas/],
  [29, 'send', 'action needed', 'denied', /user "edge1" lacks a permission/, /--operation Write --topic/],
  [30, 'offsets', 'action needed', 'denied', /user "edge1" lacks a permission/, /--operation Read --group/],
  [31, 'create', 'action needed', 'denied', /user "edge1" lacks a permission/, /--operation Create --cluster/],
  [32, 'send', 'catching up', 'rejected', /rejects a record \(INVALID_TIMESTAMP\)/, /set aside/],
  [33, 'connect', 'action needed', 'login', /does not offer login by scram-sha-512/, /Choose another way to log in/],
  [35, 'begin', 'action needed', 'person', /has no transactions/, /Or: choose "at least once"/],
  [38, 'create', 'action needed', 'person', /fewer brokers than the 1 copies/, /Lower the number of copies/],
  [43, 'begin', 'action needed', 'person', /has no transactions/, /Or: choose "at least once"/],
  [44, 'create', 'action needed', 'person', /the policy of .* forbids/, /Change partitions, copies or retention/],
  [44, 'send', 'catching up', 'rejected', /rejects a record \(POLICY_VIOLATION\)/, /set aside/],
  [45, 'send', 'waiting', 'soon', /lost track of our transaction/, /begun where it stood/],
  [47, 'commit', 'waiting', 'fenced', /ended our transaction/, /begun where it stood/],
  [48, 'commit', 'waiting', 'soon', /lost track of our transaction/, /begun where it stood/],
  [49, 'send', 'waiting', 'soon', /lost track of our transaction/, /begun where it stood/],
  [50, 'begin', 'action needed', 'person', /does not allow transactions of 60 s/, /transaction\.max\.timeout\.ms/],
  [51, 'begin', 'waiting', 'soon', /lost track of our transaction/, /begun where it stood/],
  [52, 'commit', 'waiting', 'fenced', /ended our transaction/, /begun where it stood/],
  [53, 'begin', 'action needed', 'denied', /may not use transactions/, /--operation Write --transactional-id/],
  [56, 'send', 'waiting', 'soon', /a disk of .* fails/, /tried again/],
  [58, 'connect', 'action needed', 'login', /refused user "edge1" or its password/, /Correct them in the settings/],
  [59, 'send', 'waiting', 'soon', /lost track of our transaction/, /begun where it stood/],
  [87, 'send', 'catching up', 'rejected', /rejects a record \(INVALID_RECORD\)/, /set aside/],
  [90, 'send', 'waiting', 'fenced', /does not know/, /begun where it stood/],
] as const

test.each(answers)('error %i of the protocol at %s is %s in words of its own, with the way out', (...answer) => {
  const [code, step, state, backoff, message, hint] = answer
  const failure = explain(wrapped(step, createErrorFromCode(code)), where)
  expect([failure.state, failure.backoff]).toEqual([state, backoff])
  expect(failure.error.message).toMatch(message)
  expect(failure.error.hint).toMatch(hint)
})

test('a cluster without transactions asks a person, and never changes the mode by itself', () => {
  const missing = new errors.KafkaJSServerDoesNotSupportApiKey!('no InitProducerId', { apiKey: 22, apiName: 'x' })
  const { error, backoff } = explain(new StepError('begin', missing), where)
  expect([error.code, backoff]).toEqual(['kafka_no_transactions', 'person'])
  expect(error.hint).toMatch(/^Either: .* Or: choose "at least once"/)
})

test('our own errors are taken as they are, however deep', () => {
  const own = new FieldError('kafka_state', 'the cluster went back')
  expect(explain(new StepError('checkpoint', own), where)).toMatchObject({ error: own, backoff: 'person' })
})

test('waits double to a minute and are spread by a fifth either way', () => {
  expect([1, 2, 3, 7, 50].map((attempt) => waitBefore(attempt, 'soon', 0.5))).toEqual([1000, 2000, 4000, 60000, 60000])
  expect(waitBefore(1, 'soon', 0)).toBe(800)
  expect(waitBefore(3, 'person', 0)).toBeNull()
})
