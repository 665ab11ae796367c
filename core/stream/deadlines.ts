import type { Millis } from '../contract/model.ts'

/**
 * Deadlines of devices, earliest first; of equal ones the lower device first. A deadline that moves later costs
 * nothing until its old time has come; `due` tells what it is by then. Where every change is said by `add` (`allAreSaid`),
 * it is asked only of what may be due: to ask of ten thousand devices means to fetch them from memory.
 */
export interface Deadlines {
  /** Says that a deadline of `device` is not before `time`. */
  add(device: number, time: Millis): void
  /** Time of the next real deadline; when that is after `now`, a time after `now` that it is not before. Infinity when there is none. */
  next(due: (device: number) => Millis, now: Millis): Millis
  /** The device of the deadline that `next` has answered. */
  take(): number
}

export function deadlines({ allAreSaid = false } = {}): Deadlines {
  const times: Millis[] = []
  const devices: number[] = []
  /** The time of a device's entry, of which it has only one; Infinity: it has none. */
  const earliest: Millis[] = []
  /** What was said last of a device, where that is all there is to know. */
  const said: Millis[] = []

  return {
    add(device, time) {
      while (earliest.length <= device) earliest.push(Infinity)
      if (allAreSaid) put(said, device, time)
      if (earliest[device]! <= time) return
      earliest[device] = time
      push(times, devices, time, device)
    },
    next(due, now) {
      while (times.length > 0) {
        const time = times[0]!
        if (time > now) return time
        const device = devices[0]!
        const current = earliest[device] === time
        const real = !current ? Number.NaN : allAreSaid && said[device]! > now ? said[device]! : due(device)
        if (current && real <= time) return time
        if (current) earliest[device] = real > time ? real : Infinity
        if (real > time) later(times, devices, real)
        else pop(times, devices)
      }
      return Infinity
    },
    take() {
      const device = devices[0]!
      earliest[device] = Infinity
      pop(times, devices)
      return device
    },
  }
}

function put(said: Millis[], device: number, time: Millis): void {
  while (said.length < device) said.push(Infinity)
  said[device] = time
}

function before(times: Millis[], devices: number[], a: number, b: number): boolean {
  return times[a]! < times[b]! || (times[a] === times[b] && devices[a]! < devices[b]!)
}

function push(times: Millis[], devices: number[], time: Millis, device: number): void {
  times.push(time)
  devices.push(device)
  let i = times.length - 1
  while (i > 0) {
    const parent = (i - 1) >> 1
    if (!before(times, devices, i, parent)) return
    swap(times, devices, i, parent)
    i = parent
  }
}

function pop(times: Millis[], devices: number[]): void {
  swap(times, devices, 0, times.length - 1)
  times.pop()
  devices.pop()
  sink(times, devices)
}

/** The first is not before `time`. */
function later(times: Millis[], devices: number[], time: Millis): void {
  times[0] = time
  sink(times, devices)
}

function sink(times: Millis[], devices: number[]): void {
  let i = 0
  for (;;) {
    const left = 2 * i + 1
    if (left >= times.length) return
    const child = left + 1 < times.length && before(times, devices, left + 1, left) ? left + 1 : left
    if (!before(times, devices, child, i)) return
    swap(times, devices, i, child)
    i = child
  }
}

function swap(times: Millis[], devices: number[], a: number, b: number): void {
  const time = times[a]!
  const device = devices[a]!
  times[a] = times[b]!
  devices[a] = devices[b]!
  times[b] = time
  devices[b] = device
}
