import type { Millis } from '../contract/model.ts'
import type { Chunk } from './packing.ts'

/** Of one request: more is worth nothing, and so much is held in memory until it is taken. */
export const maxRequestBytes = 768 * 1024
/** Requests on their way at once: one that the broker works on, and what it finds when it has done. */
const most = 3
/** On a slow line one waits for another, and the client gives up on what waits for long. */
const quickMs: Millis = 500

type Send = (request: readonly Chunk[]) => Promise<void>

/**
 * Sends in as many requests as there is room for, several on their way at once, so that a broker has the next one when it
 * has done one. Of each partition one chunk at a time: their order must hold where one of them is tried again, too.
 */
export class SideBySide {
  private quick = false

  /**
   * Chunks of one partition in their order. Rejects when nothing is on its way any more, with what failed first. `settled` is
   * called, now and then, while there is more to send, once each partition that it goes to has taken something.
   */
  async send(chunks: readonly Chunk[], send: Send, settled?: () => void): Promise<void> {
    let waiting = chunks
    const busy = new Set<string>()
    const begun = new Set<string>()
    const isBegun = (name: string) => begun.has(name)
    const onTheirWay = new Set<Promise<void>>()
    const failures: unknown[] = []
    while (waiting.length > 0 || onTheirWay.size > 0) {
      const request = failures.length === 0 && this.hasRoom(onTheirWay.size) ? nextRequest(waiting, busy) : []
      if (request.length === 0) {
        if (onTheirWay.size === 0) break
        if (failures.length === 0 && [...busy, ...waiting.map(nameOf)].every(isBegun)) settled?.()
        await Promise.race(onTheirWay)
        continue
      }
      waiting = waiting.filter((chunk) => !request.includes(chunk))
      for (const chunk of request) busy.add(nameOf(chunk))
      const sent = this.timed(send, request)
        .then(() => {
          for (const chunk of request) begun.add(nameOf(chunk))
        })
        .catch((error) => void failures.push(error))
        .finally(() => {
          for (const chunk of request) busy.delete(nameOf(chunk))
          onTheirWay.delete(sent)
        })
      onTheirWay.add(sent)
    }
    if (failures.length > 0) throw failures[0]
  }

  private hasRoom(onTheirWay: number): boolean {
    return onTheirWay < (this.quick ? most : 1)
  }

  private async timed(send: Send, request: readonly Chunk[]): Promise<void> {
    const began = performance.now()
    try {
      await send(request)
    } finally {
      this.quick = performance.now() - began < quickMs
    }
  }
}

/** Of each partition that nothing is on its way to, what comes next there. */
function nextRequest(waiting: readonly Chunk[], busy: ReadonlySet<string>): readonly Chunk[] {
  const passed = new Set(busy)
  const request: Chunk[] = []
  let bytes = 0
  for (const chunk of waiting) {
    const name = nameOf(chunk)
    if (passed.has(name)) continue
    passed.add(name)
    if (request.length > 0 && bytes + chunk.bytes > maxRequestBytes) continue
    request.push(chunk)
    bytes += chunk.bytes
  }
  return request
}

function nameOf({ topic, partition }: Chunk): string {
  return `${topic} ${partition}`
}
