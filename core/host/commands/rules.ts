import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Calls } from '../../contract/calls.ts'
import { FieldError } from '../../contract/errors.ts'
import type { Rule } from '../../contract/model.ts'
import { checkRule } from '../../stream/check-rule.ts'
import { detectors } from '../../stream/detect/registry.ts'
import { openQueries } from '../../views/queries.ts'
import { checkCommand } from '../calls.ts'
import { type Command, type Io, instant, parse, WrongUse } from '../command.ts'
import { defaultDataDir, type Places, placesIn } from '../paths.ts'
import { putCommands } from '../put-commands.ts'

const usage = `[put FILE | delete ID... | detectors] [--data DIR] [--at TIME] [--json]

  (nothing)     the rules that hold
  put FILE      a rule, or a list of rules, as JSON; one with a known id takes its place, as its next version
  delete ID...  these no longer hold; what was open by them returns
  detectors     what a rule can look for, and by which parameters

  --data DIR  data directory; the program may run on it (default: ${defaultDataDir()})
  --at TIME   the rules that held then (default: now)
  --json      one rule a line, as put takes it`

const options = { data: { type: 'string' }, at: { type: 'string' }, json: { type: 'boolean' } } as const

export const rules: Command = {
  name: 'rules',
  summary: 'What is watched: tell the rules, put and delete them',
  usage,
  run: async (args, io) => {
    const { values, files } = parse(args, options, 'files')
    const [what, ...named] = files
    const data = resolve(values.data ?? defaultDataDir())
    const held = heldRules(placesIn(data), instant('at', values.at))
    if (what === undefined) for (const rule of held) io.out(values.json === true ? JSON.stringify(rule) : line(rule))
    else if (what === 'detectors') sayDetectors(io)
    else if (what === 'put' && named.length === 1) await put(data, rulesIn(named[0]!), held, io)
    else if (what === 'delete' && named.length > 0) await drop(data, named, held, io)
    else throw new WrongUse(`"${files.join(' ')}" is not understood`)
    return 0
  },
}

function heldRules({ views, log }: Places, at: number | null): readonly Rule[] {
  const queries = openQueries(views, log)
  const held = queries.rules({ at })
  queries.close()
  return held
}

async function put(data: string, given: readonly unknown[], held: readonly Rule[], io: Io): Promise<void> {
  const commands = given.map((value) => checkCommand({ name: 'rule.put', value }))
  const next: Rule[] = []
  for (const command of commands) {
    if (command.name !== 'rule.put') continue
    const before = held.find(({ id }) => id === command.value.id)
    const rule = before === undefined ? command.value : { ...command.value, version: before.version + 1 }
    checkRule(rule, [...held, ...next])
    next.push(rule)
  }
  await putCommands(
    data,
    next.map((value): Calls['command']['in'] => ({ name: 'rule.put', value })),
  )
  for (const rule of next) io.out(line(rule))
}

async function drop(data: string, ids: readonly string[], held: readonly Rule[], io: Io): Promise<void> {
  const unknown = ids.find((id) => !held.some((rule) => rule.id === id))
  if (unknown !== undefined)
    throw new FieldError('not_found', `there is no rule "${unknown}"; there is: ${held.map(({ id }) => id).join(', ')}`)
  await putCommands(
    data,
    ids.map((id): Calls['command']['in'] => ({ name: 'rule.delete', value: { id } })),
  )
  io.err(ids.length === 1 ? '1 rule deleted.' : `${ids.length} rules deleted.`)
}

function rulesIn(file: string): readonly unknown[] {
  try {
    const given: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return Array.isArray(given) ? given : [given]
  } catch (cause) {
    throw new FieldError('bad_input', `${file} cannot be read as JSON: ${(cause as Error).message}`, { cause })
  }
}

function line({ id, name, detector, scope, params, priority, enabled, version }: Rule): string {
  const numbers = Object.entries(params).map(([param, value]) => `${param} ${value}`)
  const what = [detector, ...numbers].join(' ')
  return `${id}  P${priority}  ${what}  ${scope.device} ${scope.signal}  "${name}" version ${version}${enabled ? '' : ', off'}`
}

function sayDetectors(io: Io): void {
  for (const { id, doc, params } of detectors.values()) {
    io.out(`${id}: ${doc}`)
    for (const each of params)
      io.out(`  ${each.name.padEnd(10)} ${each.doc} Default ${each.default} ${each.unit}`.trimEnd())
  }
}
