import { sparkplug } from './sparkplug.ts'
import type { Writing } from './stream.ts'

const minute = 60_000
const start = 1_760_000_000_000

/**
 * A seeded log of everything that happens to a plant: devices with a daily rhythm, faults, silence, lost links, restarts,
 * late and historical readings, bad messages and what people do. The clock steps back now and then.
 */
export function plantLog(random: () => number, records: number): readonly Writing[] {
  const plant: Making = { random, time: start, log: [], devices: makeDevices(random) }
  plant.log.push({ kind: 'link', source: '', name: 'started', time: start, body: '{"detail":null}' })
  plant.log.push({ kind: 'link', source: 'a', name: 'up', time: start })
  plant.log.push({ kind: 'command', source: '', name: 'zone', time: start, body: '{"name":"Europe/Oslo"}' })
  while (plant.log.length < records) advance(plant)
  return plant.log
}

interface Making {
  readonly random: () => number
  time: number
  readonly log: Writing[]
  readonly devices: readonly Device[]
}

interface Device {
  readonly name: string
  readonly shape: number
  readonly level: number
  /** It sends what it has kept for a while. */
  readonly behind: number
  silentUntil: number
  faultUntil: number
  fault: number
}

function makeDevices(random: () => number): readonly Device[] {
  return Array.from({ length: 8 }, (_, i) => ({
    name: `plant/area${i % 3}/d-${i}`,
    shape: i % 4,
    level: 10 + 90 * random(),
    behind: i === 4 ? 20 * minute : 0,
    silentUntil: 0,
    faultUntil: 0,
    fault: 0,
  }))
}

function advance(plant: Making): void {
  const { random } = plant
  plant.time += Math.floor(random() * 16 * minute)
  const chance = random()
  if (chance < 0.85) round(plant)
  else if (chance < 0.87) plant.log.push({ kind: 'tick', source: '', name: '', time: plant.time })
  else if (chance < 0.89) edgeNode(plant)
  else if (chance < 0.91) oddMessage(plant)
  else if (chance < 0.94) person(plant)
  else if (chance < 0.96) linkEvent(plant)
  else if (chance < 0.98) trouble(plant)
  else plant.time += Math.floor(random() * 40 * minute)
}

function round(plant: Making): void {
  for (const device of plant.devices) {
    if (device.silentUntil > plant.time || plant.random() < 0.02) continue
    plant.log.push(said(plant, device))
  }
}

function said(plant: Making, device: Device): Writing {
  const { random } = plant
  const late = random()
  const deviceTime = late < 0.03 ? plant.time - Math.floor(random() * 60 * minute) : plant.time - device.behind
  const flags = 1 + (random() < 0.01 ? 8 : 0) + (random() < 0.005 ? 4 : 0)
  const arrival = random() < 0.01 ? plant.time - 500 : plant.time
  return {
    kind: 'message',
    source: sourceOf(plant, device),
    time: arrival,
    flags,
    ...bodyOf(plant, device, deviceTime),
  }
}

function sourceOf(plant: Making, device: Device): string {
  return device.shape === 3 && plant.random() < 0.1 ? 'b' : 'a'
}

function bodyOf(plant: Making, device: Device, time: number): { name: string; body: string } {
  const value = measured(plant, device, time)
  const on = value > device.level
  if (device.shape === 0)
    return { name: device.name, body: JSON.stringify({ temperature: value, flow: value * 3 - 1, on, ts: time }) }
  if (device.shape === 1) return { name: `${device.name}/pressure`, body: value.toFixed(3) }
  if (device.shape === 2)
    return {
      name: `${device.name}/level`,
      body: JSON.stringify({ value, ts: new Date(time).toISOString(), unit: 'm' }),
    }
  return { name: device.name, body: JSON.stringify({ motor: { rpm: [value, value + 1] }, mode: on ? 'run' : 'idle' }) }
}

function measured(plant: Making, device: Device, time: number): number {
  const noise = plant.random() + plant.random() - 1
  const daily = Math.sin((time / (1440 * minute)) * 2 * Math.PI)
  const fault = device.faultUntil > time ? device.fault : 0
  return Math.round((device.level + daily * 4 + noise + fault) * 1_000) / 1_000
}

/** Births, data by alias before and after them, deaths; the aliases change now and then. */
function edgeNode(plant: Making): void {
  const { random, time } = plant
  const first = 1 + Math.floor(random() * 3)
  const type = ['BIRTH', 'DATA', 'DATA', 'DATA', 'DEATH'][Math.floor(random() * 5)]!
  const ofDevice = random() < 0.5
  const name = `spBv1.0/works/${ofDevice ? 'D' : 'N'}${type}/line-1${ofDevice ? '/press' : ''}`
  const metrics = [0, 1, 2].map((i) => ({ alias: first + i, value: i === 2 ? random() < 0.5 : 100 * random() }))
  const named = metrics.map((metric, i) => ({ ...metric, name: `m${(first + i) % 4}` }))
  const body = sparkplug(
    type === 'DEATH' ? null : plant.log.length % 7,
    time,
    type === 'BIRTH' ? named : type === 'DATA' ? metrics : [],
  )
  const cut = random() < 0.1 ? body.subarray(0, body.length - 1) : body
  plant.log.push({ kind: 'message', source: 'a', name, time, body: cut })
}

const oddBodies = [
  '{bad',
  '',
  'NaN',
  '1e400',
  '{"temperature":NaN}',
  '{"temperature":1e400}',
  '{"temperature":1,"temperature":2,"__proto__":{"x":3}}',
  `${'['.repeat(40)}1${']'.repeat(40)}`,
  'running',
  'null',
  '{}',
  '{"temperature":20,"ts":5}',
  '{"temperature":20,"ts":4102444800000}',
  '{"temperature":"open","flow":true}',
]

function oddMessage(plant: Making): void {
  const device = plant.devices[Math.floor(plant.random() * plant.devices.length)]!
  const choice = Math.floor(plant.random() * (oddBodies.length + 2))
  const body =
    choice < oddBodies.length
      ? oddBodies[choice]!
      : choice === oddBodies.length
        ? new Uint8Array([0xff, 0, 0xfe])
        : wide()
  const name = plant.random() < 0.1 ? `x/${'y'.repeat(2_000)}` : device.name
  plant.log.push({ kind: 'message', source: 'a', name, time: plant.time, body })
}

function wide(): string {
  return JSON.stringify(Object.fromEntries(Array.from({ length: 270 }, (_, i) => [`s${i}`, i])))
}

function person(plant: Making): void {
  const { random } = plant
  const ids = guesses(plant)
  const commands: readonly (readonly [string, unknown])[] = [
    ['ack', { ids, note: 'seen', by: 'eva' }],
    ['shelve', { ids, until: plant.time + Math.floor(random() * 120 * minute), note: null, by: 'eva' }],
    ['unshelve', { ids, by: 'eva' }],
    ['mark', { id: 'band:0:0', useful: true, by: 'eva' }],
    ['note', { device: 'plant/area0/d-0', text: 'oil changed', by: 'eva' }],
    ['bookmark', { at: plant.time, text: 'look here', by: 'eva' }],
    ['zone', { name: 'Europe/Vienna' }],
    ['rule.put', limitRule(plant)],
    ['rule.delete', { id: 'limit-1' }],
    ['maintenance.put', maintenance(plant)],
    ['normal', { series: Math.floor(random() * 6), by: 'eva' }],
    ['maintenance.end', { id: 'work-1', by: 'eva' }],
    ['service', { device: 'plant/area0/d-0', out: random() < 0.5, note: null, by: 'eva' }],
    [
      'rule.put',
      {
        ...limitRule(plant),
        id: 'band',
        detector: 'band',
        params: { width: 3.5 },
        priority: 2,
        enabled: random() < 0.9,
      },
    ],
    ['rule.put', { ...limitRule(plant), id: 'silence', detector: 'silence', params: {}, enabled: random() < 0.9 }],
    ['mapping.put', oddMapping(plant)],
    ['mapping.delete', { id: 'lines' }],
    plant.log.length % 4 > 0 ? ['series.put', naming(plant.log.length)] : ['nonsense', 3],
  ]
  const [name, body] = commands[Math.floor(random() * commands.length)]!
  plant.log.push({
    kind: 'command',
    source: '',
    name,
    time: plant.time,
    body: random() < 0.03 ? '{' : JSON.stringify(body),
  })
}

/** Ids that an open alert may have: the newest records and the first series. */
function guesses(plant: Making): readonly string[] {
  const ids: string[] = []
  const numbers = Array.from({ length: 16 }, (_, i) => String(i))
  for (let back = 0; back < 300; back++)
    for (const about of [...numbers, 'plant/area0/d-0', 'plant/area1/d-1'])
      for (const rule of ['band', 'silence', 'limit-1']) ids.push(`${rule}:${about}:${plant.log.length - back}`)
  return ids
}

/** Of the first series, some of which are of one device and type; by the length of the log, too. */
function naming(length: number): Record<string, unknown> {
  const into = length % 3 === 0 ? (length >> 2) % 12 : null
  return { series: length % 12, name: `Signal ${length}`, unit: length % 2 === 0 ? 'bar' : null, into, by: 'eva' }
}

function maintenance({ random, time }: Making): Record<string, unknown> {
  const from = time + Math.floor(random() * 60 * minute)
  const devices = random() < 0.5 ? ['*'] : ['plant/area0/d-0', 'plant/area1/d-1']
  return { id: `work-${Math.ceil(random() * 2)}`, devices, from, until: from + 30 * minute, note: 'oil', by: 'eva' }
}

function oddMapping({ random, time }: Making): Record<string, unknown> {
  const pattern = random() < 0.1 ? '(' : '^(?<word>[a-z]+)$'
  return {
    ...{ id: 'lines', topics: 'plant/+/d-3', format: 'pattern', schema: pattern, columns: null, separator: null },
    ...{ rows: null, device: random() < 0.5 ? '{2}/odd' : null, signals: null, unit: null, time: null, quality: null },
    ...{ from: Number.MAX_SAFE_INTEGER, version: time },
  }
}

function limitRule({ random, time }: Making): Record<string, unknown> {
  return {
    id: 'limit-1',
    name: 'Too much',
    detector: 'limits',
    scope: { device: '*', signal: random() < 0.5 ? '*' : 'pressure' },
    params: { high: 40 + random() * 60, deadband: 1 },
    priority: 3,
    holdMs: Math.floor(random() * 5) * minute,
    clearMs: Math.floor(random() * 5) * minute,
    latch: random() < 0.3,
    enabled: true,
    version: time,
  }
}

/** A value that leaves its limit and comes back, again and again; what it was a minute before comes late. */
function chatter(plant: Making): void {
  const say = (value: number, ts: number) => {
    const body = JSON.stringify({ value, ts })
    plant.log.push({ kind: 'message', source: 'a', name: 'plant/area2/valve', time: plant.time, body })
  }
  for (let i = 0; i < 40; i++) {
    plant.time += 2 * minute
    say(i % 10 < 5 ? 500 : 1, plant.time)
    if (i % 10 === 4) say(500, plant.time - 9 * minute)
  }
}

function linkEvent(plant: Making): void {
  const events = ['down', 'up', 'stopped', 'started', 'asleep', 'awake', 'dropped'] as const
  const name = events[Math.floor(plant.random() * events.length)]!
  const source = plant.random() < 0.6 ? 'a' : ''
  if (name === 'asleep' || name === 'stopped') plant.time += Math.floor(plant.random() * 60 * minute)
  const body = linkBodies(plant.log.length)[name] ?? '{"detail":"as it is"}'
  plant.log.push({ kind: 'link', source, name, time: plant.time, body })
}

/** After three hours a device empties its buffer; a fault lies in it. */
function drain(plant: Making, device: Device): void {
  const from = plant.time
  plant.time += 180 * minute
  device.fault = 60
  for (let i = 1; i <= 36; i++) {
    const time = from + i * 5 * minute
    device.faultUntil = i > 20 ? time + minute : 0
    plant.log.push({
      kind: 'message',
      source: sourceOf(plant, device),
      time: plant.time,
      ...bodyOf(plant, device, time),
    })
  }
}

/** By the length of the log, so that the seeds draw what they drew. */
function linkBodies(length: number): Readonly<Record<string, string>> {
  const cause = [null, 'broker link down', 'refused by broker', 'disk full', 'removed', 'settings changed'][length % 6]
  const kept = length % 4 === 0 ? { unkept: 'it had no session' } : { held: length % 4 === 1 }
  return {
    dropped: '{"dropped":[{"topics":"raw/#","messages":3}]}',
    down: JSON.stringify({ detail: 'as it is', cause }),
    up: JSON.stringify({ detail: null, cause: null, refused: length % 3 === 0 ? ['x/#'] : [], ...kept }),
  }
}

function trouble(plant: Making): void {
  const { random } = plant
  const device = plant.devices[Math.floor(random() * plant.devices.length)]!
  if (device.shape % 2 === 0 && random() < 0.3) drain(plant, device)
  else if (random() < 0.3) chatter(plant)
  else if (random() < 0.5) device.silentUntil = plant.time + Math.floor(random() * 300 * minute)
  else {
    device.faultUntil = plant.time + Math.floor(random() * 200 * minute)
    device.fault = (random() - 0.5) * 60
  }
}
