import { expect, test } from 'vitest'
import { noMeters } from '../../../core/host/meters.ts'
import { metricsText, type Watched } from '../../../core/host/metrics.ts'
import { Pace } from '../../../core/host/pace.ts'
import { RecorderWatch } from '../../../core/host/recorder.ts'
import type { Measures } from '../../../core/ingest/capture.ts'
import { bounds, Histogram, quantile } from '../../../core/ingest/histogram.ts'
import { status } from '../../electron/core.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

test('durations are told within an eighth, however far apart, and only those of the last minute count', () => {
  const histogram = new Histogram()
  for (let i = 0; i < 1_000; i++) histogram.count(900)
  const before = histogram.copy()
  for (let i = 1; i <= 1_000; i++) histogram.count(i / 10)
  for (const share of [0.1, 0.5, 0.9, 0.99]) {
    const told = quantile(histogram, before, share)!
    expect(Math.abs(told / (share * 100) - 1), `${share}: ${told}`).toBeLessThan(0.125)
  }
  expect(quantile(histogram, histogram.copy(), 0.5)).toBeNull()
  histogram.count(1e9)
  expect(quantile(histogram, null, 1)).toBe(100_000)
})

test('each duration falls into the first bin that is not shorter', () => {
  for (const [i, bound] of bounds.entries()) {
    const histogram = new Histogram()
    histogram.count(bound)
    histogram.count(bound * 1.0001)
    expect([histogram.bins[i], histogram.bins[i + 1]], `${bound} ms`).toEqual([1, 1])
  }
})

test('a pace is known after ten minutes, and is that of the last six hours', () => {
  const pace = new Pace()
  let total = 0
  pace.add(0, 0)
  expect(pace.perDay(9 * minute, 90)).toBeNull()
  for (let time = 0; time <= 10 * hour; time += 5_000) {
    total += time < 3 * hour ? 1_000 : 1
    pace.add(time, total)
  }
  expect(pace.perDay(10 * hour, total)).toBeCloseTo(day / 5_000, -2)
})

test('days of room follow the growth of the log, and a file that goes is no growth', () => {
  const watch = new RecorderWatch()
  const log = { ...status.log, limitBytes: 20e9, freeBytes: 50e9, minFreeBytes: 1e9, from: null }
  watch.hear(measures(0, 0))
  let segmentBytes = 5e9
  for (let time = 0; time <= 2 * hour; time += 5_000) {
    segmentBytes += time === hour ? -1e9 : 5_000
    watch.look(time, { ...noMeters, segmentBytes, writtenBytes: time * 3, walBytes: 4_000_000 })
  }
  const row = watch.row(2 * hour, { ...log, bytes: segmentBytes }, 2 * hour)!
  expect(row.logPerDay! / day).toBeCloseTo(1, 2)
  expect(row.writtenPerDay).toBe(3 * day)
  expect(row.runwayDays).toBeCloseTo((20e9 - segmentBytes) / row.logPerDay!, 5)
  const tight = { ...log, bytes: segmentBytes, freeBytes: 1e9 + row.logPerDay! * 3 }
  expect(watch.row(2 * hour, tight, 2 * hour)!.runwayDays).toBeCloseTo(3, 5)
})

test('before a pace is known that of the whole log is taken, when it is longer than an hour', () => {
  const watch = new RecorderWatch()
  watch.hear(measures(0, 0))
  const log = { ...status.log, bytes: 3e9, limitBytes: 20e9, freeBytes: 50e9, from: day }
  expect(watch.row(4 * day, log, 4 * day)).toMatchObject({ logPerDay: 1e9, runwayDays: 17, writtenPerDay: null })
  expect(watch.row(day + minute, log, day + minute)).toMatchObject({ logPerDay: null, runwayDays: null })
})

test('rates are of ten seconds, times of a minute; a recorder that began anew is not compared with the one before', () => {
  const watch = new RecorderWatch()
  expect(watch.row(0, status.log, 0)).toBeNull()
  for (let second = 0; second <= 90; second++) watch.hear(measures(second * 1_000, second * 50))
  expect(watch.row(90_000, status.log, 0)).toMatchObject({
    time: 90_000,
    perSecond: 50,
    bytesPerSecond: 5_000,
    acknowledged: null,
  })
  expect(watch.row(90_000, status.log, 0)!.commit!.p50).toBeGreaterThan(0)
  watch.hear(measures(91_000, 50))
  expect(watch.row(91_000, status.log, 0)!.commit!.p99).toBeLessThanOrEqual(4)
  watch.hear(measures(91_500, 3))
  expect(watch.row(91_000, status.log, 0)).toMatchObject({ perSecond: 0, commit: null })
})

test('the metrics are what Prometheus reads: each family once, with help and type, labels escaped, buckets ascending', () => {
  const families = parse(metricsText(watched))
  expect(families.get('fieldwatch_messages_total')).toEqual({
    type: 'counter',
    samples: [{ name: 'fieldwatch_messages_total', labels: { source: 'plant "a"\\\n' }, value: 4_500 }],
  })
  expect(families.get('fieldwatch_dropped_messages_total')?.samples).toEqual([
    { name: 'fieldwatch_dropped_messages_total', labels: { source: 'plant', topics: 'noise/#' }, value: 7 },
  ])
  expect(families.get('fieldwatch_queue_bytes')).toMatchObject({ type: 'gauge', samples: [{ labels: {}, value: 0 }] })
  for (const name of ['fieldwatch_commit_seconds', 'fieldwatch_acknowledge_seconds']) {
    const { type, samples } = families.get(name)!
    const buckets = samples.filter((sample) => sample.name === `${name}_bucket`)
    const ends = buckets.map(({ labels }) => (labels.le === '+Inf' ? Infinity : Number(labels.le)))
    const count = samples.find((sample) => sample.name === `${name}_count`)!.value
    expect(type).toBe('histogram')
    expect(ends).toEqual([...new Set(ends)].sort((a, b) => a - b))
    expect(ends.slice(0, 6)).toEqual([0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005])
    expect(buckets.map(({ value }) => value)).toEqual(buckets.map(({ value }) => value).sort((a, b) => a - b))
    expect(buckets.at(-1)).toMatchObject({ labels: { le: '+Inf' }, value: count })
    expect(samples.some((sample) => sample.name === `${name}_sum`)).toBe(true)
  }
  const commits = families.get('fieldwatch_commit_seconds')!.samples
  expect(commits.find(({ labels }) => labels.le === '0.005')?.value).toBe(90)
  expect(commits.find(({ labels }) => labels.le === '0.002')?.value).toBe(0)
  expect(families.get('fieldwatch_recorder_heard_seconds')?.samples[0]?.value).toBe(90)
  for (const [name, { type }] of families) expect(name.endsWith('_total'), name).toBe(type === 'counter')
})

const watched: Watched = {
  version: '0.1.0',
  status,
  destinations: [],
  measures: {
    ...measures(90_000, 4_500),
    taken: [{ source: 'plant "a"\\\n', messages: 4_500, bytes: 1 }],
    dropped: [{ source: 'plant', topics: 'noise/#', messages: 7, bytes: 9 }],
  },
  alerts: 2,
  writtenBytes: 5,
  cpuSeconds: 1.5,
  loopMs: { main: 3, ingest: 4 },
  restarts: { ingest: 1, stream: 0 },
}

/** 100 bytes a message, a commit of 4 ms a second, no acknowledgement. */
function measures(time: number, messages: number): Measures {
  const commits = new Histogram()
  commits.count(4, Math.round(messages / 50))
  return {
    time,
    taken: [{ source: 'plant', messages, bytes: messages * 100 }],
    dropped: [],
    commits: commits.copy(),
    delays: new Histogram().copy(),
    queue: { messages: 0, bytes: 0, maxBytes: 8_000_000, pausedSince: null },
    written: 0,
  }
}

interface Family {
  readonly type: string
  readonly samples: { readonly name: string; readonly labels: Record<string, string>; readonly value: number }[]
}

/** Text exposition format 0.0.4, strictly: throws at what a scraper would not take. */
function parse(text: string): Map<string, Family> {
  const families = new Map<string, Family>()
  let name = ''
  expect(text.endsWith('\n')).toBe(true)
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP (\w+) \S.*\.$/.exec(line)
    const type = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line)
    if (help !== null) name = help[1]!
    else if (type !== null) {
      expect(type[1]).toBe(name)
      expect(families.has(name)).toBe(false)
      families.set(name, { type: type[2]!, samples: [] })
    } else families.get(name)!.samples.push(sample(line, name))
  }
  return families
}

function sample(line: string, family: string): Family['samples'][number] {
  const [, name, , labels = '', value] = /^([a-z_]+)(\{(.*)\})? (\S+)$/.exec(line) ?? []
  expect(name, line).toMatch(new RegExp(`^${family}(_bucket|_sum|_count)?$`))
  expect(Number.isFinite(Number(value)), line).toBe(true)
  const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)]
  expect(pairs.map(([pair]) => pair).join(''), line).toBe(labels)
  const text = (escaped: string) => escaped.replace(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign))
  return {
    name: name!,
    labels: Object.fromEntries(pairs.map(([, label, escaped]) => [label, text(escaped!)])),
    value: Number(value),
  }
}
