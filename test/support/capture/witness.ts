import { EventEmitter, once } from 'node:events'

/**
 * What Mosquitto says of one client in its own log: which messages it sent there, and which of them that client
 * acknowledged. Each message must have a topic of its own, by which it is known.
 */
export class BrokerWitness {
  /** Topics of messages whose acknowledgement reached the broker. */
  readonly acknowledged = new Set<string>()
  private readonly sent = new Map<string, string>()
  private readonly changed = new EventEmitter()
  private readonly line: RegExp
  private connections = 0
  private rest = ''

  constructor(clientId: string) {
    this.line = new RegExp(
      [
        `Sending PUBLISH to ${clientId} \\(d\\d, q\\d, r\\d, m(\\d+), '([^']*)'`,
        `Received PUBACK from ${clientId} \\(Mid: (\\d+)`,
        `New client connected from \\S+ as (${clientId}) `,
        `Client (${clientId}) (?:closed its connection|disconnected)`,
      ].join('|'),
    )
  }

  /** Hears what the broker prints, in any pieces. */
  readonly hear = (text: string): void => {
    const lines = (this.rest + text).split('\n')
    this.rest = lines.pop()!
    for (const line of lines) this.read(line)
  }

  /** When the broker has read all that the client had sent, and knows that it has gone. */
  async gone(): Promise<void> {
    while (this.connections > 0) await once(this.changed, 'gone')
  }

  private read(line: string): void {
    const [, sent, topic, acknowledged, came, went] = this.line.exec(line) ?? []
    if (sent !== undefined) this.sent.set(sent, topic!)
    if (acknowledged !== undefined) this.acknowledged.add(this.sent.get(acknowledged)!)
    if (came !== undefined) this.connections++
    if (went === undefined) return
    this.connections--
    this.changed.emit('gone')
  }
}
