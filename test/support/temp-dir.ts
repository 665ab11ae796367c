import { rmSync } from 'node:fs'
import { afterEach } from 'vitest'
import { makeTempDir } from './make-temp-dir.ts'

const dirs: string[] = []

/** A fresh directory, removed after the test. */
export function tempDir(): string {
  const dir = makeTempDir()
  dirs.push(dir)
  return dir
}

afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true })
})
