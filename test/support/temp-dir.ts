import { rmSync } from 'node:fs'
import { atEnd } from './at-end.ts'
import { makeTempDir } from './make-temp-dir.ts'

/** A fresh directory, removed after the test. */
export function tempDir(): string {
  const dir = makeTempDir()
  atEnd(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}
