import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { takeLock } from '../../../core/host/lock.ts'

let dir: string
let children: ChildProcess[]
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fieldwatch-lock-'))
  children = []
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

const lockFile = new URL('../../../core/host/lock.ts', import.meta.url).href

/** Another process that holds the lock until it is ended. */
async function holder() {
  const script = `const { takeLock } = await import(${JSON.stringify(lockFile)}); takeLock(${JSON.stringify(dir)}); console.log('have'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await once(child.stdout, 'data')
  return child
}

test('a directory that another process has is refused in words, with its process id', async () => {
  const child = await holder()
  expect(() => takeLock(dir)).toThrow(
    new RegExp(`in use by another Fieldwatch \\(process ${child.pid}\\); stop it first`),
  )
  child.kill('SIGKILL')
  await once(child, 'exit')
})

test('a lock that a killed process held is free at once', async () => {
  const child = await holder()
  child.kill('SIGKILL')
  await once(child, 'exit')
  takeLock(dir)()
})

test('a lock given back can be taken again, and only once at a time', () => {
  const release = takeLock(dir)
  expect(() => takeLock(dir)).toThrow(expect.objectContaining({ code: 'log_locked' }))
  release()
  takeLock(dir)()
})
