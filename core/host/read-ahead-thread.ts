import { workerData } from 'node:worker_threads'
import { openUnpacker } from '../log/reader.ts'
import { BlockRing } from '../log/ring.ts'
import { Scratch } from '../log/scratch.ts'
import type { ReadAheadData } from './protocols.ts'

// Unpacks blocks ahead of the one who reads them, and ends with the last.

const { logDir, from, to, memory } = workerData as ReadAheadData // made by ReadAhead, which is typed the same
const log = openUnpacker(logDir)
const ring = new BlockRing(memory)
const room = new Scratch()

for (let at = from; at < to; ) {
  const block = log.unpack(at, room)
  if (block === null || !ring.put(block)) break
  at = block.first + block.columns.n
}
log.close()
