import type { Millis } from '../../contract/model.ts'
import type { Device, Signal } from './dairy.ts'
import { dairy } from './dairy.ts'
import type { DemoStart, Fault } from './faults.ts'
import { effectAt, faultAt, historyFaults } from './faults.ts'
import { countAt, levelAt, loadAt, measureAt, phaseOf, streamOf, wordAt } from './plant.ts'

/** The demo plant as its messages: a pure function of seed, start, device and time. */
export interface Demo {
  readonly devices: readonly { readonly topic: string; readonly every: Millis; readonly phase: Millis }[]
  /**
   * Writes the message of a device at a time into `into` from `at`, which needs 512 bytes of room, and answers
   * where it ends; `at` itself when the device is silent.
   */
  write(device: number, time: Millis, into: Uint8Array, at: number): number
}

export const mostMessageBytes = 512

export function openDemo(start: DemoStart): Demo {
  const past = historyFaults(start)
  const forms = dairy.map(formOf)
  return {
    devices: dairy.map((device, i) => ({
      topic: device.topic,
      every: device.every,
      phase: phaseOf(start.seed, i, device),
    })),
    write(device, time, into, at) {
      const fault = faultAt(start, past, device, time)
      if (fault?.kind === 'silence') return at
      return writeMessage(start.seed, forms[device]!, fault, device, time, into, at)
    },
  }
}

/** What stays the same in every message of a device. */
interface Form {
  readonly device: Device
  /** Before each signal's value. */
  readonly keys: readonly Uint8Array[]
  readonly words: readonly (readonly Uint8Array[])[]
}

const open = bytesOf('{"ts":')

function formOf(device: Device): Form {
  return {
    device,
    keys: device.signals.map(({ name }) => bytesOf(`,"${name}":`)),
    words: device.signals.map((signal) =>
      signal.kind === 'state' ? signal.words.map(([word]) => bytesOf(`"${word}"`)) : [],
    ),
  }
}

function writeMessage(
  seed: number,
  form: Form,
  fault: Fault | null,
  device: number,
  time: Millis,
  into: Uint8Array,
  from: number,
): number {
  const { signals } = form.device
  const load = loadAt(seed, device, time)
  let at = put(into, from, open)
  at = writeNumber(into, at, time, 0)
  for (let i = 0; i < signals.length; i++) {
    const signal = signals[i]!
    at = put(into, at, form.keys[i]!)
    if (signal.kind === 'state') at = put(into, at, form.words[i]![wordAt(seed, form.device, device, signal, time)]!)
    else if (fault === null || fault.signal < 0)
      at = writeValue(into, at, signal, numberAt(seed, device, i, signal, load, time))
    else at = writeValue(into, at, signal, faultyAt(seed, fault, i, signal, load, time))
  }
  into[at] = 0x7d
  return at + 1
}

function faultyAt(seed: number, fault: Fault, i: number, signal: NumberSignal, load: number, time: Millis): number {
  if (fault.kind === 'stuck' && fault.signal === i)
    return numberAt(seed, fault.device, i, signal, loadAt(seed, fault.device, fault.from), fault.from)
  return numberAt(seed, fault.device, i, signal, load, time) + effectAt(fault, i, time)
}

type NumberSignal = Exclude<Signal, { readonly kind: 'state' }>

function numberAt(seed: number, device: number, i: number, signal: NumberSignal, load: number, time: Millis): number {
  switch (signal.kind) {
    case 'measure':
      return measureAt(seed, streamOf(device, i), signal, load, time)
    case 'level':
      return levelAt(seed, streamOf(device, i), signal, time)
    case 'count':
      return countAt(signal, time)
  }
}

function writeValue(into: Uint8Array, at: number, signal: NumberSignal, value: number): number {
  return writeNumber(into, at, value, signal.kind === 'count' ? 0 : signal.digits)
}

/** As sensors do: always the same number of decimals. Byte by byte, because a million messages are made at a start. */
function writeNumber(into: Uint8Array, from: number, value: number, digits: number): number {
  let at = from
  let rest = Math.round(Math.abs(value) * 10 ** digits)
  if (value < 0 && rest > 0) into[at++] = 0x2d
  let length = digits + 1
  while (10 ** length <= rest) length++
  const end = at + length + (digits > 0 ? 1 : 0)
  for (let i = end - 1; i >= at; i--) {
    if (digits > 0 && i === end - 1 - digits) {
      into[i] = 0x2e
      continue
    }
    const next = Math.floor(rest / 10)
    into[i] = 0x30 + (rest - next * 10)
    rest = next
  }
  return end
}

function put(into: Uint8Array, at: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) into[at + i] = bytes[i]!
  return at + bytes.length
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
