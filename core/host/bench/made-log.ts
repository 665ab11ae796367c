import { mkdirSync } from 'node:fs'
import type { Millis } from '../../contract/model.ts'
import { openLog } from '../../log/log.ts'
import { recordsOf } from './append.ts'
import type { Devices } from './plant.ts'

/** A log of so many messages, so far apart. */
export function makeLog(dir: string, made: Devices, messages: number, every: Millis = 0.3): void {
  mkdirSync(dir, { recursive: true })
  const log = openLog(dir)
  while (log.head < messages) log.append(recordsOf(made, 1_000, every))
  log.close()
}
