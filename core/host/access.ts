import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { replaceFile } from '../config/file.ts'
import { FieldError } from '../contract/errors.ts'

/** Who may use the page: a link with a token, good for one exchange into a session. */
export interface Access {
  /** The token of the link that is open now. A used one is replaced. */
  token(): string
  /** A new session for the token, or null when it is not the one that is open. */
  exchange(token: string): string | null
  allows(session: string): boolean
  /** A session for commands of this machine's user, as long as this process runs. */
  own(): string
  isOwn(session: string): boolean
}

/** Sessions outlive a restart, so that an open page comes back by itself; beyond this many the oldest ends. */
const mostSessions = 50

/** Holds the sessions in `file`, as hashes: who reads it cannot use them. */
export function openAccess(file: string): Access {
  let token = secret()
  const own = secret()
  let hashes = read(file)
  return {
    token: () => token,
    exchange: (given) => {
      if (!same(given, token)) return null
      token = secret()
      const session = secret()
      hashes = [...hashes.slice(1 - mostSessions), hash(session)]
      replaceFile(file, JSON.stringify(hashes), 0o600)
      return session
    },
    allows: (session) => same(session, own) || hashes.includes(hash(session)),
    own: () => own,
    isOwn: (session) => same(session, own),
  }
}

/** The token of the metrics, which stays: it is made where there is none. A person may write one of their own into the file. */
export function openMetricsToken(file: string): { allows(authorization: string | undefined): boolean } {
  let token = readText(file)
  if (token === null) {
    token = secret()
    replaceFile(file, `${token}\n`, 0o600)
  }
  return { allows: (authorization) => authorization !== undefined && same(authorization, `Bearer ${token}`) }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim() || null
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new FieldError(
      'config_invalid',
      `the token of the metrics in ${file} cannot be read; correct or remove the file`,
      {
        cause,
      },
    )
  }
}

function secret(): string {
  return randomBytes(32).toString('base64url')
}

function hash(session: string): string {
  return createHash('sha256').update(session).digest('base64url')
}

function same(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(hash(a)), Buffer.from(hash(b)))
}

function read(file: string): readonly string[] {
  try {
    const hashes: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return Array.isArray(hashes) ? hashes.filter((one) => typeof one === 'string') : []
  } catch {
    return [] // none yet, or damaged: everyone takes a new link
  }
}
