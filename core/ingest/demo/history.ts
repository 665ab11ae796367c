import type { Millis } from '../../contract/model.ts'
import type { Appending } from '../../log/log.ts'
import type { DemoStart } from './faults.ts'
import { historySpan } from './faults.ts'
import type { Demo } from './message.ts'
import { mostMessageBytes, openDemo } from './message.ts'

/** Messages of about this much time are one batch: about a thousand. */
const batchSpan: Millis = 240_000

/** Where the history of a demo begins. */
export function historyStart({ startedAt }: DemoStart): Millis {
  return startedAt - historySpan
}

/**
 * What the demo plant sends from `from` until before `until`, by itself the three days before `startedAt`: in time order,
 * in batches of about a thousand messages. The same start gives the same bytes, wherever one begins. A batch stays as
 * it is when the next is asked for.
 */
export function* history(
  start: DemoStart,
  from = historyStart(start),
  until = start.startedAt,
): Generator<readonly Appending[]> {
  const demo = openDemo(start)
  for (let at = from; at < until; at += batchSpan) {
    const batch = batchOf(demo, at, Math.min(at + batchSpan, until))
    if (batch.length > 0) yield batch
  }
}

function batchOf(demo: Demo, from: Millis, until: Millis): readonly Appending[] {
  const due = dueIn(demo, from, until)
  const bytes = new Uint8Array(due.length * mostMessageBytes)
  const batch: Appending[] = []
  let at = 0
  for (const { device, time } of due) {
    const end = demo.write(device, time, bytes, at)
    if (end > at) batch.push(appending(demo.devices[device]!.topic, time, bytes.subarray(at, end)))
    at = end
  }
  return batch
}

function dueIn(demo: Demo, from: Millis, until: Millis): { readonly device: number; readonly time: Millis }[] {
  const due: { device: number; time: Millis }[] = []
  demo.devices.forEach(({ every, phase }, device) => {
    for (let time = Math.ceil((from - phase) / every) * every + phase; time < until; time += every)
      due.push({ device, time })
  })
  return due.sort((a, b) => a.time - b.time || a.device - b.device)
}

function appending(name: string, time: Millis, bytes: Uint8Array): Appending {
  return { time, kind: 'message', source: 'demo', name, qos: 1, bytes }
}
