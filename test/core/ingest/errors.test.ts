import { expect, test } from 'vitest'
import { brokerError, topicRefused } from '../../../core/ingest/errors.ts'

const url = 'mqtts://broker.plant:8883'
const coded = (code: string | number, message = 'x') => Object.assign(new Error(message), { code })

test.each([
  [coded('ENOTFOUND'), 'broker_dns', 'no machine is called "broker.plant"'],
  [coded('EAI_AGAIN'), 'broker_dns', 'no machine is called "broker.plant"'],
  [coded('ECONNREFUSED'), 'broker_refused', 'broker.plant does not answer on port 8883'],
  [coded('EHOSTUNREACH'), 'broker_refused', 'broker.plant does not answer on port 8883'],
  [coded('SELF_SIGNED_CERT_IN_CHAIN'), 'broker_tls', 'its certificate comes from an authority that is not known here'],
  [coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'broker_tls', 'an authority that is not known here'],
  [coded('CERT_HAS_EXPIRED'), 'broker_tls', 'its certificate has expired'],
  [coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'broker_tls', 'its certificate is for another name'],
  [coded('EPROTO'), 'broker_tls', 'it does not speak TLS on this port'],
  [coded(5, 'Connection refused: Not authorized'), 'broker_login', 'broker.plant does not let this user in'],
  [coded(134), 'broker_login', 'broker.plant does not let this user in'],
  [coded(133), 'broker_login', 'does not take this client id'],
  [coded(3, 'Connection refused: Server unavailable'), 'broker_refused', 'Server unavailable'],
  [new Error('connack timeout'), 'broker_timeout', 'broker.plant:8883 did not answer in time'],
  [coded('ETIMEDOUT'), 'broker_timeout', 'did not answer in time'],
  [coded('ECONNRESET', 'read ECONNRESET'), 'broker_lost', 'closed the connection (read ECONNRESET)'],
  [new Error('closed'), 'broker_lost', 'broker.plant:8883 closed the connection'],
] as const)('%s is %s', (error, code, message) => {
  const told = brokerError(error, url)
  expect(told.code).toBe(code)
  expect(told.message).toContain(message)
})

test('a refused topic is named with the reason', () => {
  expect(topicRefused('a/#', 135)).toMatchObject({
    code: 'broker_topic_refused',
    message: 'the broker refuses the topic "a/#": this user may not read it',
    path: 'topics',
  })
})
