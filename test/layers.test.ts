import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const wrong = join(import.meta.dirname, 'fixtures/layers')
let copy = ''

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'fieldwatch-layers-'))
  for (const part of ['.config', '.biome.jsonc', 'package.json', 'core', 'electron', 'renderer'])
    cpSync(join(root, part), join(copy, part), { recursive: true })
  mkdirSync(join(copy, 'test'))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction')
  for (const project of ['core/host', 'electron', 'renderer']) expect(tsc(project)).toBe('')
})

afterAll(() => rmSync(copy, { recursive: true, force: true }))

describe('a wrong file fails the build or the lint', () => {
  test.each(readdirSync(wrong).filter((name) => name.endsWith('.ts')))('%s', (name) => {
    const text = readFileSync(join(wrong, name), 'utf8')
    const [, folder = ''] = /^\/\/ plant: (.+)$/m.exec(text) ?? []
    const [, expected = ''] = /^\/\/ expect: (.+)$/m.exec(text) ?? []
    const planted = join(copy, folder, `planted-${name}`)
    writeFileSync(planted, text)
    const said = expected.startsWith('TS') ? tsc(folder) : biome(planted)
    rmSync(planted)
    expect(said).toContain(`planted-${name}`)
    expect(said).toContain(expected)
  })
})

function tsc(project: string): string {
  return output('tsc', ['-b', project])
}

function biome(file: string): string {
  return output('biome', ['lint', '--vcs-enabled=false', file])
}

function output(tool: string, args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(join(root, 'node_modules/.bin', tool), args, { cwd: copy, encoding: 'utf8' })
  return tool === 'tsc' ? stdout : stdout + stderr
}
