import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { KafkaConfig, SASLOptions } from 'kafkajs'
import { credentialsOf } from '../config/credentials.ts'
import type { DestinationConfig } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'
import { bearer } from './bearer.ts'
import { Tokens } from './tokens.ts'

/** Of one destination; null where there is none. */
export interface Secrets {
  readonly password: string | null
  /** Of its key. */
  readonly passphrase: string | null
}

/** Who we are to a cluster, and how the connection is kept from others. */
export class Login {
  private readonly destination: DestinationConfig
  private readonly secrets: Secrets
  private readonly tokens: Tokens | null

  constructor(destination: DestinationConfig, secrets: Secrets, now: () => Millis) {
    this.destination = destination
    this.secrets = secrets
    this.tokens = tokensOf(destination, secrets, now)
  }

  /** Before a client is made: a token that cannot be had is said here, and not by the client in its own words. */
  async ready(waitMs: Millis): Promise<void> {
    await this.tokens?.get(waitMs)
  }

  /** After the cluster has refused us: what was lent may have been withdrawn. */
  refused(): void {
    this.tokens?.forget()
  }

  /** For the client, read anew each time. Throws FieldError kafka_auth or kafka_tls that names what is missing. */
  options(): Pick<KafkaConfig, 'ssl' | 'sasl'> {
    const { destination, secrets } = this
    const sasl = this.sasl()
    return {
      ...(destination.tls ? { ssl: credentialsOf(destination, secrets.passphrase, 'kafka_tls') } : {}),
      ...(sasl === null ? {} : { sasl }),
    }
  }

  /** The name that permissions are granted to. */
  principal(): string {
    const { sasl, username, cert, tls } = this.destination
    if (sasl === 'oauthbearer') return this.tokens?.subject() ?? username ?? anonymous
    if (sasl !== 'none') return username ?? anonymous
    return tls && cert !== null ? (subjectOf(cert) ?? anonymous) : anonymous
  }

  private sasl(): KafkaConfig['sasl'] | null {
    const { tokens } = this
    const { sasl, username, name } = this.destination
    const { password } = this.secrets
    if (sasl === 'none') return null
    if (username === null || password === null) throw incomplete(name, sasl)
    if (sasl !== 'oauthbearer') return { mechanism: sasl, username, password } as SASLOptions // one of those three
    return bearer(() => tokens!.get(tokenMs)) // made for this mechanism
  }
}

const anonymous = 'ANONYMOUS'
/** While a connection is opened. */
const tokenMs: Millis = 10_000

function tokensOf(destination: DestinationConfig, { password }: Secrets, now: () => Millis): Tokens | null {
  const { sasl, name, username, tokenUrl, scope, ca } = destination
  if (sasl !== 'oauthbearer' || tokenUrl === null) return null
  const secret = () => {
    if (username === null || password === null) throw incomplete(name, sasl)
    return { client: username, secret: password }
  }
  return new Tokens({ url: tokenUrl, scope, ca, secret, now })
}

function incomplete(name: string, sasl: string): FieldError {
  const what = sasl === 'oauthbearer' ? 'client or its secret' : 'user or its password'
  return new FieldError('kafka_auth', `"${name}" logs in with ${sasl}, but its ${what} is missing`, {
    hint: 'Give both in the settings of this destination.',
  })
}

/** As Kafka writes it: the newest part of the name first. */
function subjectOf(cert: string): string | null {
  try {
    const { subject } = new X509Certificate(readFileSync(cert))
    return subject.split('\n').reverse().join(',')
  } catch {
    return null // said when it is used
  }
}
