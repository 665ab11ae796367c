import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Certificates, makeCertificates } from '../certificates.ts'
import { jwks } from '../token-endpoint.ts'

/** host:port of the listeners with permissions. Their certificates are for localhost, but for the two that are not. */
export interface Secured {
  /** TLS, and login by PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER: user edge1, password "secret-1". */
  readonly login: string
  /** TLS, and login by SCRAM-SHA-512 only. */
  readonly narrow: string
  /** TLS with a certificate of the client, which is known as User:CN=recorder. */
  readonly mutual: string
  /** TLS; the certificate is for another host. */
  readonly elsewhere: string
  /** TLS; the certificate has expired. */
  readonly expired: string
  readonly certificates: Certificates
}

const listeners = ['login', 'narrow', 'mutual', 'elsewhere', 'expired'] as const
const protocols = { login: 'SASL_SSL', narrow: 'SASL_SSL', mutual: 'SSL', elsewhere: 'SSL', expired: 'SSL' }
const shown = { login: 'server', narrow: 'server', mutual: 'server', elsewhere: 'client', expired: 'expired' }

export const securedPorts = listeners.length
export const scramUsers = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
  '--add-scram',
  `${mechanism}=[name=edge1,password=secret-1]`,
])

/** Adds the listeners to the properties of a broker; who has not logged in may do everything, on the plain one only. */
export function addSecured(
  plain: string,
  dir: string,
  ports: readonly number[],
): { properties: string; secured: Secured } {
  const certificates = makeCertificates()
  const at = Object.fromEntries(listeners.map((name, i) => [name, `localhost:${ports[i]}`])) as Omit<
    Secured,
    'certificates'
  >
  const uris = (host: string) => listeners.map((name, i) => `${name.toUpperCase()}://${host}:${ports[i]}`).join(',')
  const map = listeners.map((name) => `${name.toUpperCase()}:${protocols[name]}`).join(',')
  const properties = plain
    .replace(/^listeners=/m, `listeners=${uris('127.0.0.1')},`)
    .replace(/^advertised.listeners=/m, `advertised.listeners=${uris('localhost')},`)
    .replace('protocol.map=', `protocol.map=${map},`)
  const keys = listeners.map((name) => keyStore(name, dir, certificates)).join('')
  return { properties: properties + keys + logins(dir, certificates), secured: { ...at, certificates } }
}

/** Where the broker may read the keys of tokens from, said to its Java. */
export function allowedKeys(dir: string): readonly string[] {
  return [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${keysUrl(dir)}`]
}

function keysUrl(dir: string): string {
  return `file://${join(dir, 'jwks.json')}`
}

function keyStore(name: (typeof listeners)[number], dir: string, certificates: Certificates): string {
  const file = join(dir, `${name}.pem`)
  const texts = certificates.files(`${shown[name]}.key`, `${shown[name]}.pem`)
  writeFileSync(file, Object.values(texts).join(''))
  return `listener.name.${name}.ssl.keystore.type=PEM\nlistener.name.${name}.ssl.keystore.location=${file}\n`
}

const module = 'org.apache.kafka.common.security'

function logins(dir: string, certificates: Certificates): string {
  writeFileSync(join(dir, 'jwks.json'), jwks())
  return `listener.name.mutual.ssl.client.auth=required
listener.name.mutual.ssl.truststore.type=PEM
listener.name.mutual.ssl.truststore.location=${certificates.file('ca.pem')}
listener.name.login.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.narrow.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.login.plain.sasl.jaas.config=${module}.plain.PlainLoginModule required user_edge1="secret-1";
listener.name.login.scram-sha-256.sasl.jaas.config=${module}.scram.ScramLoginModule required;
listener.name.login.scram-sha-512.sasl.jaas.config=${module}.scram.ScramLoginModule required;
listener.name.narrow.scram-sha-512.sasl.jaas.config=${module}.scram.ScramLoginModule required;
listener.name.login.oauthbearer.sasl.jaas.config=${module}.oauthbearer.OAuthBearerLoginModule required;
listener.name.login.oauthbearer.sasl.server.callback.handler.class=${module}.oauthbearer.OAuthBearerValidatorCallbackHandler
listener.name.login.sasl.oauthbearer.jwks.endpoint.url=${keysUrl(dir)}
listener.name.login.sasl.oauthbearer.expected.audience=kafka
sasl.enabled.mechanisms=SCRAM-SHA-512
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
transaction.max.timeout.ms=900000
`
}
