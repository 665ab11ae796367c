import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Rule } from '../../../core/contract/model.ts'
import { startHost } from '../../../core/host/host.ts'
import { runCli } from '../../../core/host/run-cli.ts'
import { connectClient } from '../../support/client.ts'
import { hotRule } from '../../support/hot-rule.ts'
import { tempDir } from '../../support/temp-dir.ts'

async function fieldwatch(...args: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const io = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) }
  return { code: await runCli(args, io), out, err: err.join('\n') }
}

function fileOf(dir: string, rules: unknown): string {
  const file = join(dir, 'rules.json')
  writeFileSync(file, JSON.stringify(rules))
  return file
}

const soon = { timeout: 60_000 }

const hot = hotRule(90, { scope: { device: '*', signal: 'temp' } })

test('rules are put and deleted where nothing runs, and count as soon as it does', async () => {
  const data = tempDir()
  expect((await fieldwatch('rules', '--data', data)).out.map((line) => line.split(' ')[0])).toContain('silence')
  const examples = ['cards', 'clicks', 'plant'].map((name) => `test/fixtures/examples/${name}/rules.json`)
  for (const file of examples) expect((await fieldwatch('rules', 'put', file, '--data', data)).err).toBe('')
  const wanted = examples.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as Rule[])
  const host = await startHost({ dataDir: data, version: '0', page: { port: 0 } })
  const client = await connectClient(host.url()!)
  try {
    await expect
      .poll(() => client.call('rules', { at: null }), soon)
      .toEqual(expect.arrayContaining(wanted.filter(({ id }, i) => i === lastOf(wanted, id))))
  } finally {
    client.close()
    await host.stop()
  }
  expect(await fieldwatch('rules', 'delete', wanted[0]!.id, '--data', data)).toMatchObject({
    code: 0,
    err: '1 rule deleted.',
  })
})

const lastOf = (rules: readonly Rule[], id: string) => rules.findLastIndex((rule) => rule.id === id)

test('a program that runs takes them by a door that only its user can open, and that it shuts', async () => {
  const data = tempDir()
  const host = await startHost({ dataDir: data, version: '0', page: { port: 0 } })
  const client = await connectClient(host.url()!)
  const held = () => client.call('rules', { at: null })
  const door = join(data, 'door.json')
  try {
    expect(statSync(door).mode & 0o777).toBe(0o600)
    expect(await fieldwatch('rules', 'put', fileOf(data, hot), '--data', data)).toMatchObject({ code: 0, err: '' })
    await expect.poll(held, soon).toContainEqual(hot)
    await fieldwatch('rules', 'put', fileOf(data, { ...hot, params: { high: 80 } }), '--data', data)
    await expect.poll(held, soon).toContainEqual({ ...hot, params: { high: 80 }, version: 2 })
    await fieldwatch('rules', 'delete', 'hot', '--data', data)
    await expect.poll(async () => (await held()).map(({ id }) => id), soon).not.toContain('hot')
    writeFileSync(door, JSON.stringify({ ...JSON.parse(readFileSync(door, 'utf8')), session: 'x' }))
    const refused = await fieldwatch('rules', 'put', fileOf(data, hot), '--data', data)
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('is in use by another Fieldwatch') })
  } finally {
    client.close()
    await host.stop()
  }
  expect(existsSync(door)).toBe(false)
})

const one = { ...hot, id: 'pair', detector: 'relation', params: {}, other: 'flow' }

test.each([
  [{ ...hot, detector: 'magic' }, /rule "hot": detector: "magic" is not known; there is: band, clock/],
  [{ ...hot, params: { hi: 1 } }, /rule "hot": params\.hi: limits has no such one; it has: /],
  [{ ...hot, detector: 'count', params: { readings: 40 } }, /params\.readings: 40 is too many; at most 32/],
  [{ ...hot, detector: 'count', params: { readings: 0 } }, /params\.readings: 0 is too few; at least 1/],
  [{ ...hot, params: {} }, /rule "hot": params\.low: is missing; give low or high, or both/],
  [{ ...hot, params: { low: 9, high: 3 } }, /params\.low: 9 is above high \(3\); give a low one that is below it/],
  [{ ...hot, detector: 'forbidden-state', params: {} }, /rule "hot": states: none is named; name the states/],
  [{ ...one, other: undefined }, /rule "pair": other: is missing; name the signal/],
  [[one, { ...one, id: 'second' }], /rule "second": scope: rule "pair" compares these two already/],
  [{ ...one, scope: { device: '*', signal: 'flow' } }, /rule "pair": other: "flow" is the signal itself/],
  [{ ...hot, detector: 'share', params: {} }, /rule "hot": states: none is named; name the state, and those/],
  [{ ...hot, priority: 9 }, /command: value\.priority: 9 is not accepted/],
  ['{', /cannot be read as JSON/],
] as const)('%j is refused in words, and nothing of it is put', async (rules, sentence) => {
  const data = tempDir()
  const file = fileOf(data, rules)
  if (rules === '{') writeFileSync(file, rules)
  expect(await fieldwatch('rules', 'put', file, '--data', data)).toMatchObject({
    code: 1,
    err: expect.stringMatching(sentence),
  })
  expect(existsSync(join(data, 'log'))).toBe(false)
})
