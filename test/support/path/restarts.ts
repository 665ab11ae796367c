import type { Block } from '../../../core/contract/block.ts'
import type { Emit } from '../../../core/stream/emit.ts'
import { createPath, restorePath, type Slab } from '../../../core/stream/path.ts'

/** The path over a block, saved and restored after every record, so that nothing it knows is only in memory. */
export function stepWithRestarts(block: Block, out: Emit): void {
  const slabs = new Map<number, Slab>()
  let path = createPath()
  for (let row = 0; row < block.n; row++) {
    path.step(block, row, row + 1, out)
    const saving = path.save(({ id, numbers }) => slabs.set(id, { id, numbers: numbers.slice() }))
    while (saving.give(1));
    path = restorePath({ ...saving, slabs: slabs.values() })
  }
}
