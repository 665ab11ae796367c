import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const wrong = join(import.meta.dirname, 'fixtures/layers')
const top = ['core/host', 'electron', 'renderer']
let copy = ''

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'fieldwatch-layers-'))
  for (const part of ['.config', '.biome.jsonc', 'package.json'])
    cpSync(join(root, part), join(copy, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction')
  for (const folder of projects()) layEmpty(folder)
})

afterAll(() => rmSync(copy, { recursive: true, force: true }))

test('every folder builds before a wrong file is planted', () => {
  for (const project of top) expect(tsc(project)).toBe('')
})

describe('a wrong file fails, and nothing else does', () => {
  test.each(readdirSync(wrong).filter((name) => name.endsWith('.ts')))('%s', (name) => {
    const text = readFileSync(join(wrong, name), 'utf8')
    const folder = header(text, 'plant')
    const expected = header(text, 'expect')
    const planted = join(copy, folder, `planted-${name}`)
    writeFileSync(planted, text)
    const errors: readonly string[] = expected.startsWith('TS')
      ? (tsc(folder).match(/^\S.*$/gm) ?? [])
      : [biome(planted)]
    rmSync(planted)
    expect(errors).not.toEqual([])
    for (const error of errors) expect(error).toContain(`planted-${name}`)
    expect(errors.join('\n')).toContain(expected)
  })
})

describe('what the rules allow passes', () => {
  test.each([
    ['core/stream', "export { target } from '../contract/planted-target.ts'"],
    ['core/stream', 'export const side = (area: number) => Math.sqrt(Math.abs(area))'],
    ['core/views', "export { target } from '../stream/planted-target.ts'"],
    ['core/sync', "export { Kafka } from 'kafkajs'"],
    ['core/host', "export { target } from '../sync/planted-target.ts'"],
    ['electron', "export { target } from '../core/host/planted-target.ts'"],
    ['renderer', "export { target } from '../core/contract/planted-target.ts'"],
  ])('%s: %s', (folder, text) => {
    const planted = join(copy, folder, 'planted-right.ts')
    writeFileSync(planted, `${text}\n`)
    const said = [tsc(folder), biome(planted)]
    rmSync(planted)
    expect(said[0]).toBe('')
    expect(said[1]).toContain('No fixes applied')
    expect(said[1]).not.toContain('Found')
  })
})

/** The folder's rules without its sources: an unfinished edit elsewhere must not decide this test. */
function layEmpty(folder: string): void {
  mkdirSync(join(copy, folder), { recursive: true })
  for (const name of readdirSync(join(root, folder)).filter(
    (name) => name === 'tsconfig.json' || name === 'globals.d.ts',
  ))
    cpSync(join(root, folder, name), join(copy, folder, name))
  writeFileSync(join(copy, folder, 'planted-target.ts'), 'export const target = 1\n')
}

function projects(): string[] {
  const config = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as {
    references: readonly { path: string }[]
  }
  return config.references.map(({ path }) => path).filter((path) => path !== './test')
}

function header(text: string, name: string): string {
  const [, value] = new RegExp(`^// ${name}: (.+)$`, 'm').exec(text) ?? []
  if (value === undefined)
    throw new Error(`a wrong file begins with "// plant:" and "// expect:"; "${name}" is missing`)
  return value
}

function tsc(project: string): string {
  return run('typescript/bin/tsc', ['-b', project]).stdout
}

function biome(file: string): string {
  const { stdout, stderr } = run('@biomejs/biome/bin/biome', ['lint', '--vcs-enabled=false', '--colors=off', file])
  return stdout + stderr
}

function run(tool: string, args: readonly string[]) {
  return spawnSync(process.execPath, [join(root, 'node_modules', tool), ...args], { cwd: copy, encoding: 'utf8' })
}
