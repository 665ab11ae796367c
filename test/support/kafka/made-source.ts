import type { Alert, Millis, Offset, Reading } from '../../../core/contract/model.ts'
import type { BatchSource } from '../../../core/sync/batch.ts'
import type { AlertChange, Message } from '../../../core/sync/record-format.ts'
import type { Span } from '../../../core/sync/resume.ts'

/** A made log holds whatever it is asked for: a copy of it has all of it, too. */
export const endless: Offset = Number.MAX_SAFE_INTEGER

/** Records that follow from their offset alone, so that every process sees the same log without a file. */
export class MadeSource implements BatchSource {
  readonly from: Offset
  private reached: Offset = 0
  private readonly ageMs: Millis
  private readonly payload: (offset: Offset) => string
  private readonly now: () => Millis

  /** The newest record comes `now`, the others a millisecond before each; `ageMs` earlier. */
  constructor(
    options: { from?: Offset; ageMs?: Millis; payload?: (offset: Offset) => string; now?: () => Millis } = {},
  ) {
    this.now = options.now ?? Date.now
    this.from = options.from ?? 0
    this.ageMs = options.ageMs ?? 0
    this.payload = options.payload ?? ((offset) => `value ${offset}`)
  }

  base(): Offset {
    return this.from
  }

  head(): Offset {
    return this.reached
  }

  upto(): Offset {
    return this.reached
  }

  setUpto(upto: Offset): void {
    this.reached = upto
  }

  timeAt(offset: Offset): Millis | null {
    return offset >= this.reached ? null : this.now() - this.ageMs - (this.reached - offset)
  }

  offsetAt(time: Millis): Offset {
    const ago = Math.floor(this.now() - this.ageMs - time)
    return Math.max(this.from, Math.min(this.reached, this.reached - ago))
  }

  openAlerts(): readonly [number, number, number] {
    return [0, 1, 0]
  }

  messages(from: Offset, limit: Offset, maxReadings: number): { messages: Message[]; to: Offset } {
    const messages: Message[] = []
    let readings = 0
    let to = from
    for (; to < limit && readings < maxReadings; to++) {
      const message = this.message(to)
      if (message === null) continue
      messages.push(message)
      readings += message.readings.length
    }
    return { messages, to }
  }

  changes({ from, to }: Span): readonly AlertChange[] {
    return madeChanges(from, to)
  }

  newestChange(alert: string, before: Offset): AlertChange | null {
    return madeChanges(0, before).findLast((one) => one.alert.id === alert) ?? null
  }

  close(): void {}

  private message(offset: Offset): Message | null {
    if (offset % 11 === 10) return null // as a tick or a command: nothing to send
    const time = Date.now() - this.ageMs
    const device = deviceOf(offset)
    const record = {
      offset,
      time,
      kind: 'message' as const,
      topic: { source: 'plant', name: device },
      qos: 1 as const,
      retained: false,
      repeat: offset % 100 === 7,
      bytes: new TextEncoder().encode(this.payload(offset)),
      meta: null,
    }
    return { record, device, readings: readingsOf(offset, time, this.payload(offset)), undecodable: null }
  }
}

export function deviceOf(offset: Offset): string {
  return `line-1/machine-${offset % 5}`
}

function readingsOf(offset: Offset, time: Millis, text: string): Reading[] {
  return Array.from({ length: 1 + (offset % 3) }, (_, index) => ({
    offset,
    index,
    device: deviceOf(offset),
    signal: `signal-${index}`,
    time,
    value: index === 0 ? offset : text,
    unit: null,
  }))
}

/** `offset:index` of every reading of [from, to), in log order. */
export function readingIds(from: Offset, to: Offset): string[] {
  const ids: string[] = []
  for (let offset = from; offset < to; offset++)
    if (offset % 11 !== 10) for (let index = 0; index <= offset % 3; index++) ids.push(`${offset}:${index}`)
  return ids
}

/** One alert opens at every fiftieth record. */
export function madeChanges(from: Offset, to: Offset): AlertChange[] {
  const changes: AlertChange[] = []
  for (let offset = Math.ceil(from / 50) * 50; offset < to; offset += 50) changes.push(changeAt(offset))
  return changes
}

function changeAt(offset: Offset): AlertChange {
  const id = `band:1:${offset}`
  const transition = { alert: id, phase: 'opened' as const, offset, time: Date.now(), by: null, note: null }
  const alert: Alert = {
    id,
    rule: 'band',
    ruleVersion: 1,
    detector: 'band',
    detectorVersion: 1,
    title: 'made',
    device: deviceOf(offset),
    series: 1,
    signal: 'signal-0',
    unit: null,
    priority: 2,
    opened: offset,
    since: transition.time,
    until: null,
    historical: false,
    already: false,
    acknowledged: null,
    shelvedUntil: null,
    incident: null,
    suppressed: null,
    calls: true,
    called: offset,
    latched: null,
    reopened: 0,
    explanation: {
      observed: offset,
      expected: null,
      why: 'made',
      rarity: null,
      learnedReadings: 0,
      learnedDays: 0,
      usualGapMs: null,
      limitMs: null,
      moved: [],
      evidence: [],
      modelFrom: 0,
      modelTo: 0,
    },
  }
  return { transition, seq: 0, topic: deviceOf(offset), alert }
}
