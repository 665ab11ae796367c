import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A fresh directory, for who removes it. */
export function makeTempDir(): string {
  return mkdtempSync(join(tmpdir(), 'fieldwatch-'))
}
