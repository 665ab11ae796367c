import type { Millis, Offset } from '../contract/model.ts'
import { columnsIn } from './columns.ts'
import type { Unpacked } from './segment-reader.ts'

const rooms = 4
/** What the writer makes fits. Memory is taken from the machine only as far as it is written on. */
const roomBytes = 9_437_184
const roomNumbers = 8
const stateBytes = 64
const states = { empty: 0, full: 1, closed: 2 }

/** Unpacked blocks on their way from one thread to another, in shared memory: one side puts, the other takes, in order. */
export class BlockRing {
  readonly memory: SharedArrayBuffer
  /** Of each room. */
  private readonly state: Int32Array
  private readonly rooms: readonly Room[]
  private at = 0

  /** `memory`: of the ring of the other side. */
  constructor(memory = new SharedArrayBuffer(stateBytes + rooms * (roomNumbers * 8 + roomBytes))) {
    this.memory = memory
    this.state = new Int32Array(memory, 0, rooms)
    this.rooms = Array.from(this.state, (_, i) => new Room(memory, stateBytes + i * (roomNumbers * 8 + roomBytes)))
  }

  /** Waits until there is room. False: nobody takes any more. */
  put(block: Unpacked): boolean {
    const { state, at } = this
    Atomics.wait(state, at, states.full)
    if (Atomics.load(state, at) !== states.empty) return false
    this.rooms[at]!.write(block)
    this.at = (at + 1) % rooms
    return Atomics.compareExchange(state, at, states.empty, states.full) === states.empty
  }

  /** The block that holds an offset, if it has come; it stays as it is until one behind it is asked for. Never waits. */
  take(from: Offset): Unpacked | null {
    for (; Atomics.load(this.state, this.at) === states.full; this.next()) {
      const room = this.rooms[this.at]!
      if (from < room.first) return null
      if (from < room.end) return room.read()
    }
    return null
  }

  close(): void {
    for (let i = 0; i < rooms; i++) {
      Atomics.store(this.state, i, states.closed)
      Atomics.notify(this.state, i)
    }
  }

  private next(): void {
    Atomics.store(this.state, this.at, states.empty)
    Atomics.notify(this.state, this.at)
    this.at = (this.at + 1) % rooms
  }
}

class Room {
  private readonly numbers: Float64Array
  private readonly bytes: Uint8Array

  constructor(memory: SharedArrayBuffer, at: number) {
    this.numbers = new Float64Array(memory, at, roomNumbers)
    this.bytes = new Uint8Array(memory, at + roomNumbers * 8, roomBytes)
  }

  get first(): Offset {
    return this.numbers[1]!
  }

  get end(): Offset {
    return this.numbers[1]! + this.numbers[3]!
  }

  /** Of one that does not fit only where it is: it has to be read by whoever takes. */
  write({ segment, first, topics, columns }: Unpacked): void {
    const { n, t0, wide, body, meta } = columns
    const fits = body.length <= roomBytes
    if (fits) this.bytes.set(body)
    this.numbers.set([segment, first, topics, n, t0, wide ? 1 : 0, meta?.bytes.length ?? 0, fits ? body.length : 0])
  }

  read(): Unpacked | null {
    const [segment, first, topics, n, t0, wide, metaSize, size] = this.numbers as unknown as Numbers
    if (size === 0) return null
    const columns = columnsIn(this.bytes.subarray(0, size), { n, wide: wide === 1, metaSize }, t0)
    return { segment, first, topics, columns }
  }
}

type Where = [segment: Offset, first: Offset, topics: number]
type Numbers = [...Where, n: number, t0: Millis, wide: number, metaSize: number, size: number]
