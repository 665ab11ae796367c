import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })

/** The key by which a broker checks the tokens of this process (RFC 7517). */
export function jwks(): string {
  return JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'RS256', use: 'sig' }] })
}

/** What the endpoint answers next; a number is a bare status. */
export type Answer = 'token' | 'stranger' | 'silence' | number

/** An OAuth 2 token endpoint: client edge1, secret "secret-1"; tokens for its `sub` edge1. */
export interface TokenEndpoint {
  readonly url: string
  /** Requests so far. */
  asked(): number
  /** Every token that was given out. */
  readonly tokens: readonly string[]
  answer: Answer
  /** Of the tokens that are given out from now on. */
  seconds: number
  stop(): Promise<void>
}

export async function startTokenEndpoint(secret = 'secret-1'): Promise<TokenEndpoint> {
  let asked = 0
  const tokens: string[] = []
  const server = createServer(async (request, response) => {
    asked += 1
    if (endpoint.answer === 'silence') return
    if (typeof endpoint.answer === 'number') return void response.writeHead(endpoint.answer).end()
    const sent = await text(request)
    if (!isAllowed(request, sent, secret)) {
      // As some do, it repeats what it was sent.
      const said = JSON.stringify({
        error: 'invalid_client',
        error_description: `${request.headers.authorization} ${secret}`,
      })
      return void response.writeHead(401, { 'content-type': 'application/json' }).end(said)
    }
    const token = jwt(endpoint.seconds, endpoint.answer === 'stranger')
    tokens.push(token)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: endpoint.seconds }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number } // listens on TCP
  const endpoint: TokenEndpoint = {
    url: `http://127.0.0.1:${port}/token`,
    asked: () => asked,
    tokens,
    answer: 'token',
    seconds: 300,
    stop: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return endpoint
}

function isAllowed({ method, headers }: IncomingMessage, sent: string, secret: string): boolean {
  const given = Buffer.from(headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString()
  const [client, of] = given.split(':').map(decodeURIComponent)
  const asks = new URLSearchParams(sent).get('grant_type') === 'client_credentials'
  return method === 'POST' && asks && client === 'edge1' && of === secret
}

/** `stranger`: signed by somebody else. */
function jwt(seconds: number, stranger: boolean): string {
  const now = Math.floor(Date.now() / 1_000)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { sub: 'edge1', aud: 'kafka', iss: 'test', iat: now, nbf: now - 1, exp: now + seconds }
  const body = `${part({ alg: 'RS256', typ: 'JWT', kid: 'test' })}.${part(claims)}`
  const key = stranger ? generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey : privateKey
  return `${body}.${sign('RSA-SHA256', Buffer.from(body), key).toString('base64url')}`
}
