import { describe, expect, test } from 'vitest'
import type { Alert, Rule, Transition } from '../../../core/contract/model.ts'
import { stepWithRestarts } from '../../support/path/restarts.ts'
import { blockMaker, Recorder, type Writing } from '../../support/stream.ts'

// What a condition does when nothing more comes: it goes on, and time alone opens and ends its alert.

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const start = Date.UTC(2026, 0, 5)

interface Said {
  readonly alert: Alert
  readonly transition: Transition
}

/** Saved and restored between any two records, so that no deadline is only in memory. */
function alertsOf(log: readonly Writing[]): readonly Said[] {
  const said: Said[] = []
  const emit = {
    ...new Recorder().emit,
    alert: (alert: Alert, transition: Transition) => void said.push({ alert, transition }),
  }
  stepWithRestarts(blockMaker()(log), emit)
  return said
}

const told = (log: readonly Writing[]) =>
  alertsOf(log).map(({ transition: { phase, time, offset } }) => [phase, (time - start) / minute, offset])

const reading = (at: number, value: number | string, name = 'hall/p-204/pressure'): Writing => {
  return { kind: 'message', source: 'a', name, time: start + at * minute, body: String(value) }
}
const tick = (at: number): Writing => ({ kind: 'tick', source: '', name: '', time: start + at * minute })
const ticks = (from: number, until: number): readonly Writing[] =>
  Array.from({ length: 6 * (until - from) }, (_, i) => tick(from + (i + 1) / 6))
const link = (at: number, source: string, name: string): Writing => {
  return { kind: 'link', source, name, time: start + at * minute, body: '{}' }
}
const put = (rule: Partial<Rule>): Writing => {
  const scope = { device: '*', signal: '*' }
  const usual = { id: 'mine', name: 'Mine', params: {}, priority: 2, holdMs: 0, clearMs: 0, enabled: true, version: 1 }
  const body = JSON.stringify({ ...usual, scope, ...rule })
  return { kind: 'command', source: '', name: 'rule.put', time: start, body }
}
const hot = (more: Partial<Rule>) => put({ detector: 'limits', params: { high: 50 }, ...more })

describe('a limit that must hold for five minutes', () => {
  const held = hot({ holdMs: 5 * minute })

  test('opens at exactly that time after one message, whatever the ticks', () => {
    const [opened] = alertsOf([held, reading(1, 60), ...ticks(1, 61)])
    expect(opened!.transition).toMatchObject({ phase: 'opened', time: start + 6 * minute, offset: 1 + 30 })
    expect(opened!.alert).toMatchObject({
      id: 'mine:hall/p-204/pressure:31',
      since: start + minute,
      until: null,
      calls: true,
    })
    expect(opened!.alert.explanation).toMatchObject({ observed: 60, expected: { high: 50 }, learnedReadings: 0 })
    expect(opened!.alert.explanation.evidence).toEqual([{ offset: 1, time: start + minute, value: 60, signal: null }])
    expect(told([held, reading(1, 60), tick(45)])).toEqual([['opened', 6, 2]])
  })

  test('does not when it is in order again before, and opens with the reading that comes at that very time', () => {
    expect(told([held, reading(1, 60), reading(4, 20), ...ticks(4, 20)])).toEqual([])
    expect(told([held, reading(1, 60), reading(6, 20), ...ticks(6, 20)])).toEqual([])
    const [opened] = alertsOf([held, reading(1, 60), reading(6, 70), tick(7)])
    expect(opened!.alert).toMatchObject({ id: 'mine:hall/p-204/pressure:2', explanation: { observed: 70 } })
  })

  test('opens by the time that its device says, as long after its newest message', () => {
    const late = { ...reading(3, 0, 'hall/p-204'), body: JSON.stringify({ pressure: 60, ts: start + minute }) }
    expect(told([held, late, ...ticks(3, 20)])).toEqual([['opened', 6, 1 + 30]])
    expect(alertsOf([held, late, tick(60)])[0]!.transition.time).toBe(start + 6 * minute)
  })

  test('of what a device had kept is history, as its newest reading was', () => {
    const old = { ...reading(120, 0, 'hall/p-204'), body: JSON.stringify({ pressure: 60, ts: start }) }
    const [opened] = alertsOf([held, old, tick(240)])
    expect(opened!.alert).toMatchObject({ historical: true, calls: false })
    expect(opened!.transition.time).toBe(start + 5 * minute)
  })

  test('waits for as long again once it can be heard, because nobody knows what was between', () => {
    const away = [held, link(0, 'a', 'up'), reading(1, 60), link(2, 'a', 'down'), ...ticks(2, 20)]
    const ofRule = (log: readonly Writing[]) =>
      alertsOf(log)
        .filter(({ alert }) => alert.rule === 'mine')
        .map(({ transition, alert }) => [transition.phase, transition.offset, alert.since - start])
    expect(ofRule(away)).toEqual([])
    const back = [...away, link(20, 'a', 'up'), tick(24.9), tick(25)]
    expect(ofRule(back)).toEqual([['opened', back.length - 1, minute]])
    expect(ofRule([...away, link(20, 'a', 'up'), reading(21, 20), tick(60)])).toEqual([])
    const started = [held, reading(1, 60), link(600, '', 'started'), tick(601)]
    expect(ofRule(started)).toEqual([])
  })

  test('goes on waiting when its device comes by another source than the one that is lost', () => {
    const other = { ...reading(8, 20, 'hall/p-204/flow'), source: 'b' }
    const log = [held, link(0, 'a', 'up'), reading(1, 60), link(2, 'a', 'down'), tick(7), other, tick(12.9), tick(13)]
    const opened = alertsOf(log).filter(({ alert }) => alert.rule === 'mine')
    expect(opened.map(({ transition, alert }) => [transition.offset, alert.signal])).toEqual([[7, 'pressure']])
  })

  test('is judged by what held at its time: a maintenance that began just before, a shelf, a rule that is gone', () => {
    const work = { id: 'w', devices: ['*'], from: start + 5.9 * minute, until: start + hour, note: null, by: 'eva' }
    const body = JSON.stringify(work)
    const maintenance: Writing = { kind: 'command', source: '', name: 'maintenance.put', time: start, body }
    const [opened] = alertsOf([held, maintenance, reading(1, 60), tick(40)])
    expect(opened!.alert).toMatchObject({ suppressed: 'maintenance', calls: false })
    const gone: Writing = {
      kind: 'command',
      source: '',
      name: 'rule.delete',
      time: start + 2 * minute,
      body: '{"id":"mine"}',
    }
    expect(told([held, reading(1, 60), gone, tick(40)])).toEqual([])
    const shorter = { ...hot({ holdMs: 3 * minute }), time: start + 2 * minute }
    expect(told([held, reading(1, 60), shorter, tick(40)])).toEqual([['opened', 4, 3]])
  })
})

describe('a clear delay', () => {
  test('ends at its exact time though nothing more comes', () => {
    const delayed = hot({ clearMs: 10 * minute })
    const log = [delayed, reading(1, 60), reading(2, 20), tick(11.9), tick(30)]
    expect(told(log)).toEqual([
      ['opened', 1, 1],
      ['returned', 12, 4],
    ])
    expect(alertsOf(log)[1]!.alert.until).toBe(start + 2 * minute)
    expect(told([delayed, reading(1, 60), reading(2, 20), reading(5, 60), tick(30)])).toEqual([['opened', 1, 1]])
  })

  test('of a latched alert ends in waiting for a person', () => {
    const latched = hot({ clearMs: 10 * minute, latch: true })
    expect(told([latched, reading(1, 60), reading(2, 20), tick(30)])).toEqual([
      ['opened', 1, 1],
      ['latched', 12, 3],
    ])
  })

  test('of what comes and goes is half an hour, by time alone too', () => {
    const flapping = [60, 20, 60, 20, 60, 20, 60, 20].map((value, i) => reading(1 + i, value))
    expect(told([hot({}), ...flapping, tick(300)]).slice(-2)).toEqual([
      ['reopened', 7, 7],
      ['returned', 38, 9],
    ])
  })
})

describe('five of a kind within ten minutes', () => {
  const many = (more: Partial<Rule> = {}) =>
    put({ detector: 'count', states: ['error'], params: { readings: 5, windowMs: 10 * minute }, ...more })
  const errors = [1, 2, 3, 4, 5].map((at) => reading(at, 'error', 'app/log/line'))

  test('are over when so many are no longer in the window, though no line follows', () => {
    const log = [many(), ...errors, ...ticks(5, 60)]
    expect(told(log)).toEqual([
      ['opened', 5, 5],
      ['returned', 11, 5 + 36],
    ])
    expect(alertsOf(log)[1]!.alert.until).toBe(start + 11 * minute)
  })

  test('go on with each further one, and are over later', () => {
    expect(told([many(), ...errors, reading(8, 'error', 'app/log/line'), tick(60)]).at(-1)).toEqual(['returned', 12, 7])
  })

  test('wait for the clear delay from then on, and never open when they must hold for longer than the window', () => {
    expect(told([many({ clearMs: 3 * minute }), ...errors, tick(60)]).at(-1)).toEqual(['returned', 14, 6])
    expect(told([many({ holdMs: 4 * minute }), ...errors, tick(60)])).toEqual([
      ['opened', 9, 6],
      ['returned', 11, 6],
    ])
    expect(told([many({ holdMs: 7 * minute }), ...errors, tick(60)])).toEqual([])
  })
})

test('deadlines that pass between two records fire each at its own time, earliest first', () => {
  const names = [5, 3, 4].map((i) => `hall/d${i}/x`)
  const out = names.map((name, i) => reading(1 + i / 10, 60, name))
  const said = alertsOf([hot({ holdMs: 5 * minute }), ...out, tick(60)])
  expect(said.map(({ alert, transition }) => [alert.device, (transition.time - start) / minute])).toEqual([
    ['hall/d5', 6],
    ['hall/d3', 6.1],
    ['hall/d4', 6.2],
  ])
})
