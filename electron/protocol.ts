import { protocol } from 'electron'
import { pageHeaders, rendererFile } from '../core/host/http.ts'

const scheme = 'fieldwatch'
const host = 'app'

/** Where the page is; a hash may follow. */
export const page = `${scheme}://${host}/`

/** Makes the scheme an origin of its own, as https: is. Only before Electron is ready. */
export function registerScheme(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, codeCache: true }
  protocol.registerSchemesAsPrivileged([{ scheme, privileges }])
}

/** Serves the built renderer, under the headers that the page on loopback has. */
export function servePages(root: string): void {
  protocol.handle(scheme, (request) => answer(root, request))
}

/** Compared by its parts: `startsWith` would let fieldwatch://app.example in. */
export function isOurs(url: string): boolean {
  const parsed = URL.parse(url)
  return parsed?.protocol === `${scheme}:` && parsed.host === host
}

async function answer(root: string, request: Request): Promise<Response> {
  if (request.method !== 'GET') return say(405, 'Only GET is answered here.')
  if (!isOurs(request.url)) return say(403, `Only ${page} is answered here.`)
  const file = await rendererFile(root, new URL(request.url).pathname)
  if (file === null) return say(404, 'There is no such page; if the first one is missing, run "npm run build".')
  return new Response(file.bytes, { headers: { ...pageHeaders, 'content-type': file.type } })
}

function say(status: number, sentence: string): Response {
  return new Response(`${sentence}\n`, {
    status,
    headers: { ...pageHeaders, 'content-type': 'text/plain; charset=utf-8' },
  })
}
