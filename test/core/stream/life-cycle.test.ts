import { describe, expect, test } from 'vitest'
import type { Alert, Transition } from '../../../core/contract/model.ts'
import { createPath } from '../../../core/stream/path.ts'
import { hotRule } from '../../support/hot-rule.ts'
import { blockMaker, Recorder, random, type Writing } from '../../support/stream.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const start = Date.UTC(2026, 0, 5)

interface Said {
  readonly alert: Alert
  readonly transition: Transition
}

function alertsOf(log: readonly Writing[]): readonly Said[] {
  const said: Said[] = []
  const block = blockMaker()(log)
  createPath().step(block, 0, block.n, {
    ...new Recorder().emit,
    alert: (alert, transition) => said.push({ alert, transition }),
  })
  return said
}

const phases = (said: readonly Said[]) => said.map(({ transition }) => transition.phase)
const reading = (time: number, value: number, name = 'hall/p-204/pressure'): Writing => ({
  kind: 'message',
  source: 'a',
  name,
  time,
  body: String(value),
})
const dated = (arrival: number, time: number, value: number): Writing => ({
  ...reading(arrival, 0, 'hall/p-204'),
  body: JSON.stringify({ pressure: value, ts: time }),
})
const command = (time: number, name: string, value: unknown): Writing => ({
  kind: 'command',
  source: '',
  name,
  time,
  body: JSON.stringify(value),
})
const tick = (time: number): Writing => ({ kind: 'tick', source: '', name: '', time })

const limit = hotRule(50)
const put = (more: object = {}) => command(start, 'rule.put', { ...limit, ...more })
const each = (values: readonly number[], everyMs = minute, name?: string): readonly Writing[] =>
  values.map((value, i) => reading(start + (i + 1) * everyMs, value, name))

describe('alerts of one device that begin together', () => {
  const flow = 'hall/p-204/flow'
  const log = [put(), reading(start + minute, 60), reading(start + 5 * minute, 70, flow)]

  test('are one incident: the second names the first, and calls nobody', () => {
    const [first, second] = alertsOf(log)
    expect(first!.alert).toMatchObject({ incident: null, calls: true })
    expect(second!.alert).toMatchObject({ incident: first!.alert.id, calls: false })
  })

  test('call again for what is more urgent', () => {
    const urgent = command(start, 'rule.put', {
      ...limit,
      id: 'flow',
      scope: { device: '*', signal: 'flow' },
      priority: 1,
    })
    const said = alertsOf([log[0]!, urgent, ...log.slice(1)])
    expect(said.filter(({ alert }) => alert.signal === 'flow').map(({ alert }) => [alert.rule, alert.calls])).toEqual([
      ['hot', false],
      ['flow', true],
    ])
  })

  test('stand alone when they began more than ten minutes apart, or on another device', () => {
    const apart = alertsOf([put(), reading(start + minute, 60), reading(start + 12 * minute, 70, flow)])
    expect(apart.map(({ alert }) => alert.incident)).toEqual([null, null])
    const other = alertsOf([put(), reading(start + minute, 60), reading(start + 2 * minute, 70, 'hall/p-205/flow')])
    expect(other.map(({ alert }) => alert.incident)).toEqual([null, null])
  })

  test('are acknowledged and shelved as one', () => {
    const ids = ['hot:1:2']
    const ack = command(start + 6 * minute, 'ack', { ids, note: null, by: 'eva' })
    const shelve = command(start + 7 * minute, 'shelve', { ids, until: start + hour, note: null, by: 'eva' })
    const said = alertsOf([...log, ack, shelve]).slice(2)
    expect(said.map(({ alert, transition }) => [alert.id, transition.phase])).toEqual([
      ['hot:hall/p-204/pressure:1', 'acknowledged'],
      ['hot:hall/p-204/flow:2', 'acknowledged'],
      ['hot:hall/p-204/pressure:1', 'shelved'],
      ['hot:hall/p-204/flow:2', 'shelved'],
    ])
  })

  test('do not join one that is over and was seen', () => {
    const seen = command(start + 3 * minute, 'ack', { ids: ['hot:0:1'], note: null, by: 'eva' })
    const said = alertsOf([log[0]!, log[1]!, reading(start + 2 * minute, 20), seen, log[2]!])
    expect(said.at(-1)!.alert).toMatchObject({ signal: 'flow', incident: null, calls: true })
  })
})

describe('alerts of devices below one topic', () => {
  const hot = (at: number, device: string, value = 60) => reading(start + at * minute, value, `hall/${device}/pressure`)
  const seen = (at: number, id: string) => command(start + at * minute, 'ack', { ids: [id], note: null, by: 'eva' })
  /** Of those that opened: the device, that of the alert that it stands under, and whether it calls. */
  const stands = (log: readonly Writing[]) => {
    const opened = alertsOf([put(), ...log]).filter(({ transition }) => transition.phase === 'opened')
    const devices = new Map(opened.map(({ alert }) => [alert.id, alert.device]))
    return opened.map(({ alert }) => [alert.device, devices.get(alert.incident ?? alert.id), alert.calls])
  }
  const two = [hot(1, 'd1'), hot(2, 'd2')]

  test('are one cause from the third device on that begins with the others: it stands under the first, and calls nobody', () => {
    expect(stands([...two, hot(3, 'd3'), hot(4, 'd4'), { ...hot(5, 'x'), name: 'yard/d5/pressure' }])).toEqual([
      ['hall/d1', 'hall/d1', true],
      ['hall/d2', 'hall/d2', true],
      ['hall/d3', 'hall/d1', false],
      ['hall/d4', 'hall/d1', false],
      ['yard/d5', 'yard/d5', true],
    ])
  })

  test('stand alone where two devices are all, or what comes is ten minutes away from either', () => {
    const flow = reading(start + 3 * minute, 60, 'hall/d2/flow')
    expect(stands([...two, flow]).map(([, head, calls]) => [head, calls])).toEqual([
      ['hall/d1', true],
      ['hall/d2', true],
      ['hall/d2', false],
    ])
    expect(stands([...two, hot(11.5, 'd3')]).at(-1)).toEqual(['hall/d3', 'hall/d3', true])
    expect(stands([...two, hot(10.5, 'd3')]).at(-1)).toEqual(['hall/d3', 'hall/d1', false])
  })

  test('are news when one of those before is over and seen, or called nobody', () => {
    const over = [hot(2.5, 'd1', 20), seen(2.6, 'hot:0:1')]
    expect(stands([...two, ...over, hot(3, 'd3')]).at(-1)).toEqual(['hall/d3', 'hall/d3', true])
    const body = { device: 'hall/d1', out: true, note: null, by: 'eva' }
    expect(stands([command(start, 'service', body), ...two, hot(3, 'd3')]).at(-1)).toEqual(['hall/d3', 'hall/d3', true])
  })

  test('call again for what is more urgent, once', () => {
    const urgent = (device: string) =>
      command(start, 'rule.put', {
        ...limit,
        id: device,
        scope: { device: `hall/${device}`, signal: 'flow' },
        priority: 1,
      })
    const flow = (at: number, device: string) => reading(start + at * minute, 60, `hall/${device}/flow`)
    const off = command(start, 'rule.put', { ...limit, scope: { device: '*', signal: 'pressure' } })
    const log = [off, urgent('d3'), urgent('d4'), ...two, flow(3, 'd3'), flow(4, 'd4')]
    expect(stands(log).slice(2)).toEqual([
      ['hall/d3', 'hall/d1', true],
      ['hall/d4', 'hall/d1', false],
    ])
  })
})

describe('a device that is unlike itself, seed 3', () => {
  const chance = random(3)
  const begins = 3_000
  /** Two days of minutes; the pressure falls for an hour and a half, the flow rises for an hour, the level may be stuck. */
  const minutes = (flowFrom: number, stuckFrom: number): readonly Writing[] =>
    Array.from({ length: 3_200 }, (_, i) => {
      const during = (from: number, length: number) => i >= begins + from && i < begins + from + length
      const values = {
        level: during(stuckFrom, 200) ? 50.5 : 50 + chance(),
        pressure: 6 + 0.1 * chance() - (during(0, 90) ? 1 : 0),
        flow: 40 + chance() + (during(flowFrom, 60) ? 9 : 0),
      }
      return { ...reading(start + i * minute, 0, 'hall/p-204'), body: JSON.stringify(values) }
    })
  const heads = (log: readonly Writing[]) => {
    const opened = alertsOf(log).filter(({ transition }) => transition.phase === 'opened')
    const signals = new Map(opened.map(({ alert }) => [alert.id, alert.signal]))
    return opened.map(({ alert }) => `${alert.signal} in ${signals.get(alert.incident ?? alert.id)}`)
  }

  test('goes on being one incident, headed by what began it', () => {
    expect(heads(minutes(40, -9_999))).toEqual(['pressure in pressure', 'flow in pressure'])
  })

  test('is none with what begins when it is in order again', () => {
    expect(heads(minutes(130, -9_999))).toEqual(['pressure in pressure', 'flow in flow'])
  })

  test('is none with a sensor that was stuck long before', () => {
    expect(heads(minutes(5, -60))).toEqual(['level in level', 'pressure in pressure', 'flow in pressure'])
  })
})

test('devices of one source that fall silent together are one incident, and one that does so later is not', () => {
  const name = (i: number) => `hall/d${i}/x`
  const rounds = (n: number, devices: readonly number[], from: number) =>
    Array.from({ length: n }, (_, i) => devices.map((d) => reading(from + i * 10 * second, 20, name(d)))).flat()
  const last = start + 199 * 10 * second
  const said = alertsOf([
    ...rounds(100, [1, 2, 3], start),
    ...rounds(100, [3], start + 1_000 * second),
    tick(last + hour),
  ])
  const silent = said.map(({ alert }) => [alert.device, alert.incident])
  expect(silent).toEqual([
    ['hall/d1', null],
    ['hall/d2', said[0]!.alert.id],
    ['hall/d3', null],
  ])
})

describe('a latched alert', () => {
  const ack = (at: number) => command(at, 'ack', { ids: ['hot:0:1'], note: null, by: 'eva' })

  test('stays active until somebody acknowledges it, and then returned when its condition had ended', () => {
    const said = alertsOf([put({ latch: true }), ...each([60, 20, 20]), ack(start + hour)])
    expect(phases(said)).toEqual(['opened', 'latched', 'acknowledged', 'returned'])
    expect(said[1]!.alert).toMatchObject({ until: null, latched: start + 2 * minute })
    expect(said[3]!.alert).toMatchObject({ until: start + 2 * minute, latched: null })
  })

  test('goes on as the same alert when its condition comes back', () => {
    const said = alertsOf([put({ latch: true }), ...each([60, 20, 60])])
    expect(phases(said)).toEqual(['opened', 'latched', 'reopened'])
    expect(said[2]!.alert).toMatchObject({ id: 'hot:hall/p-204/pressure:1', latched: null, until: null })
  })

  test('returns at once when it was acknowledged before, and with its rule', () => {
    expect(
      phases(alertsOf([put({ latch: true }), ...each([60]), ack(start + minute), reading(start + 2 * minute, 20)])),
    ).toEqual(['opened', 'acknowledged', 'returned'])
    const gone = command(start + hour, 'rule.delete', { id: 'hot' })
    expect(phases(alertsOf([put({ latch: true }), ...each([60, 20]), gone]))).toEqual(['opened', 'latched', 'returned'])
  })
})

test('an alert that comes and goes is opened again instead of a fourth, says so, and returns only after half an hour', () => {
  const flapping = each([60, 20, 60, 20, 60, 20, 60, 20, 60, 20, ...Array(28).fill(20), 20, 20, 20])
  const said = alertsOf([put(), ...flapping])
  expect(phases(said)).toEqual([
    ...['opened', 'returned', 'opened', 'returned', 'opened', 'returned', 'reopened', 'returned'],
  ])
  const again = said[6]!
  expect(again.alert.id).toBe(said[4]!.alert.id)
  expect(again.alert.reopened).toBe(1)
  expect(again.transition.note).toBe('comes and goes: 4 times, each within an hour')
  expect(said[7]!.alert.until).toBe(start + 10 * minute)
  expect(said[7]!.transition.time).toBe(start + 40 * minute)
})

describe('maintenance', () => {
  const work = (from: number, until: number, devices = ['hall/p-204']) =>
    command(start, 'maintenance.put', { id: 'w', devices, from, until, note: 'oil', by: 'eva' })

  test('keeps alerts from calling from its begin to its end, each at its exact time', () => {
    const log = [put(), work(start + 5 * minute, start + 20 * minute), ...each([60]), tick(start + hour)]
    const said = alertsOf(log)
    expect(
      said.map(({ alert, transition }) => [transition.phase, transition.time - start, alert.suppressed, alert.calls]),
    ).toEqual([
      ['opened', minute, null, true],
      ['suppressed', 5 * minute, 'maintenance', false],
      ['unsuppressed', 20 * minute, null, true],
    ])
  })

  test('is about its own devices, or all, and can be ended early', () => {
    const other = alertsOf([put(), work(start, start + hour, ['hall/p-9']), ...each([60])])
    expect(other[0]!.alert.suppressed).toBeNull()
    const end = command(start + 2 * minute, 'maintenance.end', { id: 'w', by: 'eva' })
    const all = alertsOf([put(), work(start, start + hour, ['*']), ...each([60]), end])
    expect(all.map(({ transition, alert }) => [transition.phase, alert.calls])).toEqual([
      ['opened', false],
      ['unsuppressed', true],
    ])
  })

  test('that ended while an alert was away does not keep it quiet when it is opened again', () => {
    const flapping = each([60, 20, 60, 20, 60, 20, 20, 60])
    const log = [put(), work(start + 4.5 * minute, start + 6.5 * minute), ...flapping]
    const said = alertsOf(log)
    expect(said.at(-3)!.alert).toMatchObject({ suppressed: 'maintenance', calls: false })
    expect(said.at(-1)!.transition.phase).toBe('reopened')
    expect(said.at(-1)!.alert.suppressed).toBeNull()
  })

  test('that has no end, or one that has passed, changes nothing', () => {
    const bad = command(start, 'maintenance.put', { id: 'w', devices: ['*'], from: start, note: null, by: 'eva' })
    expect(alertsOf([put(), bad, work(start - hour, start - minute), ...each([60])])[0]!.alert.suppressed).toBeNull()
  })
})

test('a device out of service calls nobody until it is put back', () => {
  const service = (at: number, out: boolean) =>
    command(at, 'service', { device: 'hall/p-204', out, note: null, by: 'eva' })
  const said = alertsOf([put(), service(start, true), ...each([60]), service(start + hour, false)])
  expect(said.map(({ transition, alert }) => [transition.phase, alert.suppressed, alert.calls])).toEqual([
    ['opened', 'out of service', false],
    ['unsuppressed', null, true],
  ])
})

describe('late readings', () => {
  const live = (minutes: number, value: number) => dated(start + minutes * minute, start + minutes * minute, value)
  const late = (arrival: number, minutes: number, value: number) =>
    dated(start + arrival * minute, start + minutes * minute, value)
  const before = [live(1, 20), live(2, 20), live(3, 20), live(4, 20)]

  test('move the begin of an alert back as far as nothing says otherwise, and call nobody', () => {
    const said = alertsOf([put(), ...before, live(14, 60), late(15, 8, 60), late(15, 6, 60)])
    expect(phases(said)).toEqual(['opened', 'revised', 'revised'])
    expect(said[2]!.alert.since).toBe(start + 6 * minute)
    expect(said[2]!.transition.note).toBe('began 2 min earlier, by late readings')
    expect(said[2]!.alert.id).toBe(said[0]!.alert.id)
  })

  test('say how long it was and is, once it is over', () => {
    const said = alertsOf([put(), ...before, live(14, 60), live(18, 20), late(19, 7, 60)])
    expect(said.at(-1)!.transition).toMatchObject({ phase: 'revised', note: 'was 4 min, now 11 min, by late readings' })
  })

  test('take back what an earlier late reading said, and move an end forward', () => {
    const said = alertsOf([
      put(),
      ...before,
      live(14, 60),
      live(20, 20),
      late(21, 6, 60),
      late(21, 9, 20),
      late(22, 16, 20),
    ])
    expect(said.slice(2).map(({ alert }) => [(alert.since - start) / minute, (alert.until! - start) / minute])).toEqual(
      [
        [6, 20],
        [14, 20],
        [14, 16],
      ],
    )
  })

  test('that are older than a reading in order before the alert, or than what is remembered, change nothing', () => {
    const said = alertsOf([put(), ...before, live(14, 60), late(15, 3.5, 60), late(15, -500, 60)])
    expect(phases(said)).toEqual(['opened'])
  })
})

describe('an alert of a buffer that drains, still open when its signal is live', () => {
  const kept = (minutes: number, values: object) => ({
    ...reading(start + 4 * hour, 0, 'hall/p-204'),
    body: JSON.stringify({ ...values, ts: start + minutes * minute }),
  })
  const live = (minutes: number, values: object) => ({
    ...reading(start + 4 * hour + minutes * minute, 0, 'hall/p-204'),
    body: JSON.stringify({ ...values, ts: start + 4 * hour + minutes * minute }),
  })
  const drained = [put(), kept(1, { pressure: 60 }), kept(2, { pressure: 61 })]
  const told = (log: readonly Writing[]) =>
    alertsOf(log).map(({ transition: { phase, note }, alert }) => [phase, note, alert.calls, alert.called])

  test('calls once, and says that it was active already', () => {
    const log = [...drained, live(1, { pressure: 62 }), live(2, { pressure: 62 }), live(3, { pressure: 20 })]
    expect(told(log)).toEqual([
      ['opened', null, false, null],
      ['revised', 'was already active when its readings became live', true, 3],
      ['returned', null, true, 3],
    ])
    expect(alertsOf(log).map(({ alert }) => [alert.historical, alert.already])).toEqual([
      [true, false],
      [false, true],
      [false, true],
    ])
  })

  test('calls nobody when the first live reading is in order', () => {
    expect(told([...drained, live(1, { pressure: 20 })])).toEqual([
      ['opened', null, false, null],
      ['returned', null, false, null],
    ])
  })

  test('calls once for its incident, and not while it is put aside', () => {
    const both = [put(), kept(1, { pressure: 60, flow: 70 }), live(1, { pressure: 60, flow: 70 })]
    expect(told(both).filter(([, , calls]) => calls)).toHaveLength(1)
    const service = (at: number, out: boolean) =>
      command(at, 'service', { device: 'hall/p-204', out, note: null, by: 'eva' })
    const aside = [...drained, service(start + 4 * hour, true), live(1, { pressure: 62 })]
    expect(told(aside).at(-1)).toEqual(['revised', 'was already active when its readings became live', false, null])
    expect(told([...aside, service(start + 5 * hour, false)]).at(-1)).toEqual(['unsuppressed', null, true, 5])
  })

  test('calls for what goes on of an incident whose first alert is over', () => {
    const log = [put(), kept(1, { pressure: 60, flow: 70 }), kept(2, { pressure: 20 }), live(1, { flow: 70 })]
    expect(told(log).at(-1)).toEqual(['revised', 'was already active when its readings became live', true, 3])
  })
})

test('an alert that calls says by which record it last did: it opened, came again, or is no longer put aside', () => {
  const pair = (offset: number): readonly Writing[] => [
    reading(start + offset * minute, 60),
    command(start + (offset + 1) * minute, 'ack', { ids: [`hot:0:${offset}`], note: null, by: 'eva' }),
    reading(start + (offset + 2) * minute, 20),
  ]
  const said = alertsOf([put(), ...[1, 4, 7, 10].flatMap(pair)])
  const opened = said.filter(({ transition }) => ['opened', 'reopened'].includes(transition.phase))
  expect(opened.map(({ transition, alert }) => [transition.phase, alert.called])).toEqual([
    ['opened', 1],
    ['opened', 4],
    ['opened', 7],
    ['reopened', 10],
  ])
  expect(said.at(-1)!.alert.called).toBe(10)
})

describe('what a person calls normal', () => {
  const chance = random(7)
  const at = (i: number, level: number) => reading(start + i * minute, Number((level + chance()).toFixed(3)))
  const shifted = [
    ...Array.from({ length: 400 }, (_, i) => at(i, 5)),
    ...Array.from({ length: 10 }, (_, i) => at(400 + i, 9)),
  ]
  const normal = command(start + 409 * minute, 'normal', { series: 0, by: 'eva' })
  const goingOn = (level: number, n: number) => Array.from({ length: n }, (_, i) => at(410 + i, level))

  test('ends its alert by that person, and what was usual before is unusual from then on', () => {
    const said = alertsOf([
      ...shifted,
      normal,
      ...goingOn(9, 400),
      ...goingOn(5, 10).map((each, i) => ({ ...each, time: start + (810 + i) * minute })),
    ])
    expect(said.map(({ transition }) => [transition.phase, transition.by, transition.note])).toContainEqual([
      'returned',
      'eva',
      'normal from here on',
    ])
    const last = said.at(-1)!
    expect(last.transition.phase === 'opened' || last.transition.phase === 'revised').toBe(true)
    expect(last.alert.title).toMatch(/fell|below/)
    expect(last.alert.explanation.learnedReadings).toBeLessThanOrEqual(411)
    expect(last.alert.explanation.modelFrom).toBe(411)
  })

  test('stays an alert, and what comes after is judged by the old usual, without that word', () => {
    expect(alertsOf([...shifted, ...goingOn(9, 5)]).at(-1)!.alert.until).toBeNull()
  })

  test('of a series that is not known changes nothing', () => {
    const unknown = command(start + 409 * minute, 'normal', { series: 99, by: 'eva' })
    expect(alertsOf([...shifted, unknown])).toEqual(alertsOf(shifted))
  })
})
