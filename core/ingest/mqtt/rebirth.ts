import type { Millis } from '../../contract/model.ts'

// Sparkplug 3.0, "Node Control/Rebirth": an edge node that is told so says again what its aliases mean, and those of its devices.

const againMs: Millis = 60_000
const mostNodes = 10_000
const rebirth = 'Node Control/Rebirth'
const boolean = 11

/** To whom it was said, and when, so that nobody is told more than once a minute. */
export class Rebirths {
  private readonly asked = new Map<string, Millis>()

  /** The topic on which to ask for the births that the messages of a topic lack; null: it is none of Sparkplug, or was asked. */
  topicFor(topic: string, now: Millis): string | null {
    const [space, group, , node] = topic.split('/')
    if (space !== 'spBv1.0' || group === undefined || node === undefined) return null
    const to = `${space}/${group}/NCMD/${node}`
    if (now - (this.asked.get(to) ?? Number.NEGATIVE_INFINITY) < againMs) return null
    if (this.asked.size >= mostNodes) this.asked.clear()
    this.asked.set(to, now)
    return to
  }
}

/** The payload: one metric, true. */
export function rebirthCommand(time: Millis): Buffer {
  const at = varint(time)
  const metric = Buffer.concat([
    piece(1, Buffer.from(rebirth)),
    number(3, at),
    number(4, varint(boolean)),
    number(14, varint(1)),
  ])
  return Buffer.concat([number(1, at), piece(2, metric)])
}

function number(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint(field << 3), value])
}

function piece(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.from([...bytes, rest])
}
