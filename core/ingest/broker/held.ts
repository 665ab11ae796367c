import type { Client } from 'aedes'
import type { Millis } from '../../contract/model.ts'
import type { Acknowledge } from '../batcher.ts'

interface Holding {
  readonly client: Client | null
  readonly since: Millis
  /** Acknowledges to the device, and gives the message to who has subscribed to it. */
  readonly go: () => void
}

/** Messages of devices that are not in the log yet: none is acknowledged before. */
export class Held implements Acknowledge {
  private readonly holding = new Map<number, Holding>()
  private next = 1

  /** Its number, by which it is acknowledged. */
  add(holding: Holding): number {
    const number = this.next++
    this.holding.set(number, holding)
    return number
  }

  /** It is on disk. */
  acknowledge(number: number): void {
    const holding = this.holding.get(number)
    this.holding.delete(number)
    holding?.go()
  }

  /** aedes writes each by itself. */
  flush(): void {}

  /** Sends devices away whose oldest message has been held since `before`; they come back and send again. How many. */
  release(before: Millis): number {
    const waiting = new Set<Client>()
    for (const { client, since } of this.holding.values()) {
      if (since > before) break // in the order in which they came
      if (client !== null && !client.closed) waiting.add(client)
    }
    for (const client of waiting) client.close()
    return waiting.size
  }
}
