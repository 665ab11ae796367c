import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'

const dirs: string[] = []

/** A fresh directory, removed after the test. */
export function tempDir(): string {
  const dir = makeTempDir()
  dirs.push(dir)
  return dir
}

/** A fresh directory for several tests, which remove it. */
export function makeTempDir(): string {
  return mkdtempSync(join(tmpdir(), 'fieldwatch-'))
}

afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true })
})
