import { passphraseName, secretName } from '../config/secrets.ts'
import { configJsonSchema } from '../config/settings.ts'
import { type Calls, type Config, type DestinationConfig, readCalls } from '../contract/calls.ts'
import { FieldError } from '../contract/errors.ts'
import { checkRule } from '../stream/check-rule.ts'
import { prepareMapping } from '../stream/decode/mapping.ts'
import { needsReference } from '../views/refer.ts'
import type { Answers } from './calls.ts'
import { detectorInfos } from './detector-infos.ts'
import type { RunningHost } from './host.ts'

/** Who answers each call: the thread that holds what it is about. */
export function answersOf(host: RunningHost): Answers {
  return {
    ...reads(host),
    health: (input, signal) => health(host, input, signal),
    status: () => host.status(),
    command: async (input, signal) => {
      if (input.name === 'mapping.put') prepareMapping(input.value) // says what cannot be understood
      if (input.name === 'rule.put') checkRule(input.value, await host.query.ask('rules', { at: null }, signal))
      const whole = needsReference(input) ? await host.query.ask('refer', input, signal) : input
      return host.ingest.ask('command', whole)
    },
    detectors: () => detectorInfos,
    destinations: () => host.rows,
    ledger: (input, signal) => host.forward.ask('ledger', input, signal),
    lag: (input, signal) => host.forward.ask('lag', input, signal),
    outages: (_, signal) => host.forward.ask('outages', null, signal),
    'sync.retryNow': ({ destination }) => host.forward.ask('retryNow', known(host, destination)),
    'sync.delivery': ({ destination, delivery }) => change(host, destination, { delivery }),
    'sync.pause': ({ destination, paused }) => change(host, destination, { paused }),
    'sync.createTopics': ({ destination }, signal) =>
      host.forward.ask('createTopics', known(host, destination), signal),
    'sync.count': (input, signal) => host.forward.ask('count', input, signal),
    'sync.sendAgain': (input) => host.forward.ask('sendAgain', input),
    'sync.check': (input) => host.forward.ask('check', input),
    'sync.cancel': ({ id }) => host.forward.ask('cancel', id),
    'sync.jobs': ({ limit }, signal) => host.forward.ask('jobs', limit, signal),
    'sync.aside': (input, signal) => host.forward.ask('aside', input, signal),
    config: () => host.config,
    'config.put': (input) => putConfig(host, input),
    'config.schema': () => configJsonSchema(),
    probe: async (input, signal) => host.query.ask('probe', await withSecrets(host, input), signal),
  }
}

/** `health` is answered by two threads. */
const queryCalls = readCalls.filter((name) => name !== 'health')

function reads(host: RunningHost): Pick<Answers, (typeof queryCalls)[number]> {
  const entries = queryCalls.map((name) => [
    name,
    (input: never, signal: AbortSignal) => host.query.ask(name, input, signal),
  ])
  return Object.fromEntries(entries) as Pick<Answers, (typeof queryCalls)[number]> // one entry for each name of the list
}

/** Only the threads that read the log know how far they are behind, and only now is it of interest. */
async function health(
  host: RunningHost,
  input: Calls['health']['in'],
  signal: AbortSignal,
): Promise<Calls['health']['out']> {
  const answer = await host.query.ask('health', input, signal)
  if (input.at !== null) return { ...answer, catchingUp: null }
  return { ...answer, catchingUp: host.views.catchingUp, readingAgain: host.history.row() }
}

/** A source that is known need not be told its secrets again, as long as it is the same broker and user. */
async function withSecrets(host: RunningHost, input: Calls['probe']['in']): Promise<Calls['probe']['in']> {
  const { name, url, username } = input.source
  const known = host.config.sources.find((one) => one.name === name && one.url === url && one.username === username)
  if (known === undefined) return input
  return {
    ...input,
    password: input.password ?? (await host.secrets.get(secretName('source', name))),
    passphrase: input.passphrase ?? (await host.secrets.get(passphraseName('source', name))),
  }
}

async function change(host: RunningHost, destination: string, more: Partial<DestinationConfig>): Promise<null> {
  known(host, destination)
  const destinations = host.config.destinations.map((one) => (one.name === destination ? { ...one, ...more } : one))
  await host.putConfig({ ...host.config, destinations })
  return null
}

async function putConfig(host: RunningHost, { config, secrets }: Calls['config.put']['in']): Promise<Config> {
  for (const { name, value } of secrets) await host.secrets.put(name, value === '' ? null : value)
  await host.putConfig(config)
  return host.config
}

function known(host: RunningHost, destination: string): string {
  if (host.config.destinations.some(({ name }) => name === destination)) return destination
  throw new FieldError(
    'not_found',
    `there is no destination "${destination}"; it may have been removed: load the page again`,
  )
}
