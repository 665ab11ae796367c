import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SourceConfig } from '../../contract/calls.ts'
import { replaceDurably } from '../../log/durable.ts'

/** What a broker keeps for us under a client id while we are away. */
interface Session {
  readonly source: string
  /** Host and port. */
  readonly broker: string
  readonly clientId: string
  /** Topic filters that it was asked for and not yet told to forget. */
  readonly topics: readonly string[]
  /** QoS 0 came by it: of that a broker keeps nothing. */
  readonly plain: boolean
}

/** What the answer of a broker says of the time in which we were away. */
export interface Greeting {
  /** The session stood, and all that comes by it is kept while we are away. */
  readonly held: boolean
  /** Why nothing was kept; null: the session stood, or there was none yet. */
  readonly unkept: string | null
}

const mostSessions = 1_000

/**
 * The sessions of all sources, the newest last, in a file beside the log: only who knows after a restart that there was a
 * session can tell that the broker has lost it.
 */
export class Sessions {
  private readonly file: string
  private list: readonly Session[]

  constructor(dir: string) {
    this.file = join(dir, 'sessions.json')
    this.list = sessionsIn(this.file)
  }

  /** A broker has answered; `present`: it has a session of us. From now on it keeps what is sent to the topics of the source. */
  greeted(source: SourceConfig, clientId: string, present: boolean): Greeting {
    const key = keyOf(source, clientId)
    const before = this.list.findLast((one) => one.source === source.name)
    const same = present ? this.list.find((one) => isOf(one, key)) : undefined
    const topics = [...new Set([...(same?.topics ?? []), ...source.topics])]
    const plain = before?.plain ?? false
    this.put({ ...key, topics, plain })
    return { held: present && source.qos > 0 && !plain, unkept: present ? null : whyUnkept(before, key) }
  }

  /** Topic filters of the session that its source no longer asks for. */
  unwanted(source: SourceConfig, clientId: string): readonly string[] {
    const key = keyOf(source, clientId)
    const topics = this.list.find((one) => isOf(one, key))?.topics ?? []
    return topics.filter((topic) => !source.topics.includes(topic))
  }

  /** The broker was told to forget them. */
  unsubscribed(source: SourceConfig, clientId: string): void {
    const key = keyOf(source, clientId)
    const known = this.list.find((one) => isOf(one, key))
    if (known !== undefined) this.put({ ...known, topics: [...source.topics] })
  }

  /** QoS 0 comes by a source. */
  heardPlain(source: SourceConfig, clientId: string): void {
    const key = keyOf(source, clientId)
    const known = this.list.find((one) => isOf(one, key))
    if (known !== undefined && !known.plain) this.put({ ...known, plain: true })
  }

  /** The source was removed: nothing is expected of its brokers any more. */
  forget(source: string): void {
    this.write(this.list.filter((one) => one.source !== source))
  }

  private put(session: Session): void {
    if (JSON.stringify(this.list.at(-1)) === JSON.stringify(session)) return
    this.write([...this.list.filter((one) => !isOf(one, session)), session].slice(-mostSessions))
  }

  /** A disk that is full takes it at the next change: until then only this run knows it. */
  private write(list: readonly Session[]): void {
    this.list = list
    try {
      replaceDurably(this.file, Buffer.from(JSON.stringify(list)))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
    }
  }
}

type Key = Pick<Session, 'source' | 'broker' | 'clientId'>

function keyOf({ name, url }: SourceConfig, clientId: string): Key {
  return { source: name, broker: brokerOf(url), clientId }
}

/** Two sources that share a broker and a client id would take it from each other, so the name tells them apart too. */
function isOf(one: Session, { source, broker, clientId }: Key): boolean {
  return one.source === source && one.broker === broker && one.clientId === clientId
}

const usualPorts: Readonly<Record<string, string>> = { mqtt: '1883', mqtts: '8883', ws: '80', wss: '443' }

/** `url` has led to a broker. */
function brokerOf(url: string): string {
  const { hostname, port, protocol } = new URL(url)
  return `${hostname}:${port === '' ? usualPorts[protocol.slice(0, -1)] : port}`
}

function whyUnkept(before: Session | undefined, now: Key): string | null {
  if (before === undefined) return null
  if (isOf(before, now)) return 'the broker had no session of us any more, so what was sent meanwhile is missing'
  return `another session than before: what ${before.broker} keeps for the client id ${before.clientId} stays there`
}

/** A damaged file says nothing: then only a loss in the very next absence cannot be told. */
function sessionsIn(file: string): readonly Session[] {
  if (!existsSync(file)) return []
  try {
    const list: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return Array.isArray(list) ? list.filter(isSession) : []
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}

function isSession(one: unknown): one is Session {
  if (typeof one !== 'object' || one === null) return false
  const { source, broker, clientId, topics, plain } = one as Partial<Record<keyof Session, unknown>>
  const texts = [source, broker, clientId, ...(Array.isArray(topics) ? topics : [null])]
  return texts.every((text) => typeof text === 'string') && typeof plain === 'boolean'
}
