import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { credentialsOf } from '../config/credentials.ts'
import { FieldError } from '../contract/errors.ts'
import type { Millis } from '../contract/model.ts'

export interface TokensOptions {
  readonly url: string
  readonly scope: string | null
  /** PEM file of the authority that signed the certificate of the place; null: the system's. */
  readonly ca: string | null
  /** Throws what is missing. */
  readonly secret: () => { readonly client: string; readonly secret: string }
  readonly now: () => Millis
}

interface Token {
  readonly value: string
  readonly renewAt: Millis
}

/** The next one is asked for while so much of a token's life is left: before the client logs in anew with it. */
const leftFor = (life: Millis) => Math.min(life / 2, Math.max(life / 5, 5_000))
/** Where the answer does not say how long it holds. */
const unsaidLife: Millis = 300_000
const maxAnswer = 65_536

/** Tokens by OAuth 2 client credentials (RFC 6749, 4.4), kept until they are near their end. */
export class Tokens {
  private readonly o: TokensOptions
  private token: Token | null = null
  private asking: Promise<Token> | null = null

  constructor(options: TokensOptions) {
    this.o = options
  }

  /** Waits at most `waitMs`. Throws FieldError kafka_unreachable, kafka_tls or kafka_auth, without any secret. */
  async get(waitMs: Millis): Promise<string> {
    if (this.token !== null && this.o.now() < this.token.renewAt) return this.token.value
    this.asking ??= this.ask(waitMs).finally(() => {
      this.asking = null
    })
    this.token = await this.asking
    return this.token.value
  }

  /** After a cluster refused it. */
  forget(): void {
    this.token = null
  }

  /** Whom the newest token is for, as it says itself; null: no token yet, or one that is not a JWT. */
  subject(): string | null {
    try {
      const claims: unknown = JSON.parse(Buffer.from(this.token?.value.split('.')[1] ?? '', 'base64url').toString())
      const { sub } = claims as { sub?: unknown } // a number or a text has no sub either
      return typeof sub === 'string' ? sub : null
    } catch {
      return null
    }
  }

  private async ask(waitMs: Millis): Promise<Token> {
    const asked = this.o.now()
    const { status, text } = await this.post(waitMs)
    if (status >= 400 && status < 500) throw this.refused(status, text)
    if (status !== 200) throw this.unreachable(`answers with ${status}`)
    const { access_token: value, expires_in: seconds } = fieldsOf(text)
    if (typeof value !== 'string' || value === '') throw this.withoutToken()
    const life = Number(seconds) > 0 ? Number(seconds) * 1_000 : unsaidLife
    return { value, renewAt: asked + life - leftFor(life) }
  }

  private post(waitMs: Millis): Promise<Answer> {
    const { client, secret } = this.o.secret()
    const { scope, url } = this.o
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope === null ? {} : { scope }) })
    const headers = {
      authorization: `Basic ${Buffer.from(`${encodeURIComponent(client)}:${encodeURIComponent(secret)}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    }
    const how = { method: 'POST', headers, signal: AbortSignal.timeout(waitMs), agent: false as const, ...this.trust() }
    return send(url, how, body.toString()).catch((cause: unknown) => {
      throw this.notAnswered(cause, waitMs)
    })
  }

  private trust(): { ca?: Buffer } {
    return credentialsOf({ ca: this.o.ca, cert: null, key: null }, null, 'kafka_tls')
  }

  private notAnswered(cause: unknown, waitMs: Millis): FieldError {
    const { code = '', name } = cause as { code?: string; name?: string }
    if (/CERT|^ERR_(SSL|TLS)|UNABLE_TO|^EPROTO/.test(code))
      return new FieldError('kafka_tls', `${this.place} gives no token: its certificate is not accepted (${code})`, {
        hint: 'Its authority must be in the CA file of this destination, or known to the system.',
      })
    return this.unreachable(
      name === 'AbortError' || name === 'TimeoutError' ? `is silent for ${waitMs / 1_000} s` : code,
    )
  }

  private unreachable(why: string): FieldError {
    return new FieldError('kafka_unreachable', `${this.place} gives no token: ${why}`, {
      hint: 'Nothing is lost; it is tried again.',
    })
  }

  /** Only the word that the standard names: whatever else is in the answer may repeat what we sent. */
  private refused(status: number, text: string): FieldError {
    const { error } = fieldsOf(text)
    const why = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : String(status)
    return new FieldError('kafka_auth', `${this.place} refuses client "${this.o.secret().client}" (${why})`, {
      hint: 'Correct the client, its secret or the scope in the settings of this destination.',
    })
  }

  private withoutToken(): FieldError {
    return new FieldError('kafka_auth', `${this.place} answers without a token`, {
      hint: 'Look at the address: it must be the token endpoint (RFC 6749), which answers with access_token.',
    })
  }

  /** Without what may stand behind the path. */
  private get place(): string {
    const { origin, pathname } = new URL(this.o.url)
    return origin + pathname
  }
}

interface Answer {
  readonly status: number
  readonly text: string
}

function send(url: string, how: object, body: string): Promise<Answer> {
  const request = url.startsWith('http:') ? plainRequest : tlsRequest
  return new Promise((resolve, reject) => {
    const sent = request(url, how, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (part: string) => {
        text += part
        if (text.length > maxAnswer) sent.destroy(new Error('the answer is too long'))
      })
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function fieldsOf(text: string): { readonly [name: string]: unknown } {
  try {
    const fields: unknown = JSON.parse(text)
    return typeof fields === 'object' && fields !== null ? (fields as { [name: string]: unknown }) : {}
  } catch {
    return {}
  }
}
