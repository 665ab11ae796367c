import type { TopicMemo } from '../../log/topic-ids.ts'

/** A topic of one connection. */
export interface TopicName {
  readonly name: string
  readonly memo: TopicMemo
}

/** More are not remembered: each of their messages makes its own. */
const mostKept = 100_000

/**
 * The topics of a connection by their bytes in a packet: a message of one that has come before makes no string, and the
 * log need not search for it. A table with open addresses over the bytes of all names.
 */
export class TopicNames {
  private readonly names: TopicName[] = []
  private readonly ends: number[] = [0]
  private bytes = new Uint8Array(4_096)
  /** One more than the number of a name; 0: free. Less than half are taken. */
  private slots = new Uint32Array(256)

  at(packet: Buffer, from: number, to: number): TopicName {
    const mask = this.slots.length - 1
    for (let slot = hashOf(packet, from, to) & mask; ; slot = (slot + 1) & mask) {
      const number = this.slots[slot]! - 1
      if (number < 0) return this.add(packet, from, to, slot)
      if (this.isSame(number, packet, from, to)) return this.names[number]!
    }
  }

  private isSame(number: number, packet: Uint8Array, from: number, to: number): boolean {
    const begin = this.ends[number]!
    if (this.ends[number + 1]! - begin !== to - from) return false
    for (let i = from; i < to; i++) if (this.bytes[begin + i - from] !== packet[i]) return false
    return true
  }

  private add(packet: Buffer, from: number, to: number, slot: number): TopicName {
    const name = { name: packet.toString('utf8', from, to), memo: { of: null, id: 0 } }
    if (this.names.length === mostKept) return name
    const begin = this.ends.at(-1)!
    const end = begin + to - from
    if (end > this.bytes.length) this.bytes = larger(this.bytes, end * 2)
    this.bytes.set(packet.subarray(from, to), begin)
    this.ends.push(end)
    this.slots[slot] = this.names.push(name)
    if (this.names.length * 2 >= this.slots.length) this.spread()
    return name
  }

  private spread(): void {
    this.slots = new Uint32Array(this.slots.length * 4)
    const mask = this.slots.length - 1
    for (let number = 0; number < this.names.length; number++) {
      let slot = hashOf(this.bytes, this.ends[number]!, this.ends[number + 1]!) & mask
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask
      this.slots[slot] = number + 1
    }
  }
}

function larger(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(size)
  grown.set(bytes)
  return grown
}

/** Four bytes at a time, because each step waits for the one before. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from
  let i = from
  for (; i + 4 <= to; i += 4)
    hash = mixed(hash ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)))
  for (; i < to; i++) hash = mixed(hash ^ bytes[i]!)
  return hash
}

function mixed(hash: number): number {
  const product = Math.imul(hash, 0x9e3779b1)
  return product ^ (product >>> 15)
}
