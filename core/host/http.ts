import { readFile } from 'node:fs/promises'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize, sep } from 'node:path'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import { FieldError } from '../contract/errors.ts'
import type { Access } from './access.ts'
import type { Core } from './session.ts'
import { openSession } from './session.ts'

/** The largest frame that a page may send; a configuration is far smaller. */
const mostFrameBytes = 1_048_576
/** Pages at once. */
const mostPages = 50

export interface Page {
  /** With the token that is open now. */
  url(): string
  stop(): Promise<void>
}

/** For Prometheus, at /metrics. */
export interface Metrics {
  /** Null: there are none. Else who has no session must show this. */
  allows(authorization: string | undefined): boolean | null
  text(): string
}

/**
 * Serves the built renderer and the API on loopback only. Nothing is answered to a foreign Host or Origin
 * (so no name that points at 127.0.0.1 gets in), and nothing but the link's exchange without a session.
 * A port that was not `asked` for by name gives way to any free one when it is taken.
 */
export async function servePage(
  core: Core,
  access: Access,
  root: string,
  port: number,
  asked: boolean,
  metrics: Metrics,
): Promise<Page> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: mostFrameBytes, perMessageDeflate: false })
  const server = createServer({ maxHeaderSize: 16_384, requestTimeout: 10_000 })
  await listen(server, port, asked)
  const site = new Site(core, access, metrics, root, (server.address() as AddressInfo).port)
  server.on(
    'request',
    (request, response) => void site.answer(request, response).catch((error) => failed(response, error)),
  )
  server.on('upgrade', (request, socket, head) => site.upgrade(sockets, request, socket, head))
  return { url: () => site.url(), stop: () => stop(server, sockets) }
}

/** Headers of every answer; the shell's protocol gives the same. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
}

/** A file of the built renderer, or null when there is none by that path. Never one outside of `root`. */
export async function rendererFile(
  root: string,
  path: string,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly type: string } | null> {
  const name = decoded(path === '/' ? '/index.html' : path)
  if (name === null) return null
  const file = normalize(join(root, name))
  const type = types[extname(file)]
  if (!file.startsWith(root + sep) || type === undefined) return null
  return readFile(file).then(
    (bytes) => ({ bytes: Uint8Array.from(bytes), type }),
    () => null,
  )
}

class Site {
  private readonly core: Core
  private readonly access: Access
  private readonly metrics: Metrics
  private readonly root: string
  private readonly port: number

  constructor(core: Core, access: Access, metrics: Metrics, root: string, port: number) {
    this.core = core
    this.access = access
    this.metrics = metrics
    this.root = root
    this.port = port
  }

  url(): string {
    return `http://127.0.0.1:${this.port}/?token=${this.access.token()}`
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? '', 'http://127.0.0.1')
    if (request.method !== 'GET' || url === null) return say(response, 405, 'Only GET is answered here.')
    if (!this.isOurs(request)) return say(response, 403, 'This page answers to 127.0.0.1 and localhost only.')
    if (url.pathname === '/metrics') return this.measure(request, response)
    if (url.pathname === '/link') return this.tellLink(request, response)
    const token = url.searchParams.get('token')
    if (token !== null) return this.enter(request, response, token)
    if (!this.isKnown(request)) return say(response, 403, needsLink)
    const file = await rendererFile(this.root, url.pathname)
    if (file === null) return say(response, 404, url.pathname === '/' ? notBuilt : 'There is no such page.')
    response.writeHead(200, { ...pageHeaders, 'content-type': file.type, 'cache-control': caching(url.pathname) })
    response.end(file.bytes)
  }

  /** For the command of the line alone: a page that is let in lets nobody else in. */
  private tellLink(request: IncomingMessage, response: ServerResponse): void {
    const session = this.sessionOf(request)
    if (session === null || !this.access.isOwn(session)) say(response, 403, needsLink)
    else say(response, 200, this.url())
  }

  private measure(request: IncomingMessage, response: ServerResponse): void {
    const allowed = this.metrics.allows(request.headers.authorization)
    if (allowed === null) say(response, 404, 'The metrics are switched off (server.metrics).')
    else if (!allowed && !this.isKnown(request)) say(response, 401, needsToken, { 'www-authenticate': 'Bearer' })
    else {
      response.writeHead(200, { ...pageHeaders, 'content-type': metricsType, 'cache-control': 'no-store' })
      response.end(this.metrics.text())
    }
  }

  upgrade(sockets: WebSocketServer, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = URL.parse(request.url ?? '', 'http://127.0.0.1')?.pathname
    const allowed =
      path === '/api' && this.isOurs(request) && this.isOurOrigin(request.headers.origin) && this.isKnown(request)
    if (!allowed || sockets.clients.size >= mostPages) {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (page) => serveSocket(this.core, page))
  }

  /** A link that was used already still opens the page where the cookie is. */
  private enter(request: IncomingMessage, response: ServerResponse, token: string): void {
    const session = this.access.exchange(token)
    if (session === null && !this.isKnown(request)) {
      say(response, 403, needsLink)
      return
    }
    const cookie =
      session === null
        ? {}
        : { 'set-cookie': `${this.cookieName()}=${session}; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000` }
    response.writeHead(303, { ...pageHeaders, ...cookie, location: '/', 'cache-control': 'no-store' })
    response.end()
  }

  private isOurs(request: IncomingMessage): boolean {
    return request.headers.host === `127.0.0.1:${this.port}` || request.headers.host === `localhost:${this.port}`
  }

  private isOurOrigin(origin: string | undefined): boolean {
    return origin === `http://127.0.0.1:${this.port}` || origin === `http://localhost:${this.port}`
  }

  private isKnown(request: IncomingMessage): boolean {
    const session = this.sessionOf(request)
    return session !== null && this.access.allows(session)
  }

  private sessionOf(request: IncomingMessage): string | null {
    return cookieOf(request, this.cookieName())
  }

  /** Cookies know no ports: two programs on one machine must not take each other's. */
  private cookieName(): string {
    return `fieldwatch-${this.port}`
  }
}

const metricsType = 'text/plain; version=0.0.4; charset=utf-8'
const needsToken =
  'Send "Authorization: Bearer" with the token in the file metrics-token of the data directory, or set server.metrics to "open".'
const needsLink =
  'This link was used already, or is not complete. "fieldwatch link" prints one that is not used yet (npm run --silent fieldwatch -- link).'
const notBuilt = 'The page is not built. Run "npm run build" and load it again.'

function serveSocket(core: Core, page: WebSocket): void {
  const session = openSession(core, {
    send: (bytes) => sendOver(page, bytes),
    close: () => page.close(1008, 'not understood'),
  })
  page.binaryType = 'nodebuffer'
  page.on('message', (data, isBinary) => session.receive(isBinary ? (data as Buffer) : new Uint8Array()))
  page.on('close', () => session.close())
  page.on('error', () => page.terminate()) // a frame too large or broken; `close` follows
}

function sendOver(page: WebSocket, bytes: Uint8Array): Promise<void> {
  const sent = Promise.withResolvers<void>()
  page.send(bytes, { binary: true }, (error) => (error ? sent.reject(error) : sent.resolve()))
  return sent.promise
}

function say(
  response: ServerResponse,
  status: number,
  sentence: string,
  more: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    ...pageHeaders,
    ...more,
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
  })
  response.end(`${sentence}\n`)
}

function failed(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy()
  else say(response, 500, error instanceof Error ? error.message : String(error))
}

/** Built assets carry a hash in their name. */
function caching(path: string): string {
  return path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
}

function cookieOf(request: IncomingMessage, name: string): string | null {
  const pair = (request.headers.cookie ?? '').split(/; */).find((one) => one.startsWith(`${name}=`))
  return pair?.slice(name.length + 1) ?? null
}

function decoded(path: string): string | null {
  try {
    const name = decodeURIComponent(path)
    return name.includes('\0') ? null : name
  } catch {
    return null
  }
}

async function listen(server: Server, port: number, asked: boolean): Promise<void> {
  try {
    await listenOn(server, port)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause
    if (asked)
      throw new FieldError(
        'bad_input',
        `port ${port} is in use by another program; choose another with --port, or --port 0 for any free one`,
        { cause },
      )
    await listenOn(server, 0)
  }
}

function listenOn(server: Server, port: number): Promise<void> {
  const ready = Promise.withResolvers<void>()
  server.once('error', ready.reject)
  server.listen(port, '127.0.0.1', () => {
    server.off('error', ready.reject)
    ready.resolve()
  })
  return ready.promise
}

function stop(server: Server, sockets: WebSocketServer): Promise<void> {
  const closed = Promise.withResolvers<void>()
  for (const page of sockets.clients) page.terminate()
  server.close(() => closed.resolve())
  server.closeAllConnections()
  return closed.promise
}
