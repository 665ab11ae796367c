import type { Offset } from '../../contract/model.ts'
import { type Emit, silentEmit } from '../../stream/emit.ts'
import { Rollups } from '../../views/rollup.ts'
import type { RollupStore } from '../../views/rollup-tables.ts'

/** Sums readings up as the views do, row for row, and hands them to `store`, whatever that is; of the rest it hears nothing. */
export function handingOut(store: RollupStore): { readonly emit: Emit; flush(): void } {
  const rollups = new Rollups(store, maxHours)
  const emit: Emit = {
    ...silentEmit,
    at: (offset, time) => rollups.at(offset, time),
    reading(series, time, value, low, high, late) {
      if (late) rollups.addLate(series, time, value)
      else rollups.add(series, time, value, low, high)
    },
    readings: (first, values, n, time) => rollups.addEach(first, values, n, time),
    fetch: (first, n) => rollups.fetch(first, n),
  }
  return { emit, flush: () => rollups.flush() }
}

/** As the views keep in memory. */
const maxHours = 16_384

/** Takes the rows and lets them go. Of hours that were given up it knows nothing, so a log must not have more than are kept. */
export function counted(): RollupStore & { rows: number; bytes: number } {
  const count = (bytes: number): void => {
    store.rows += 1
    store.bytes += bytes
  }
  const store = {
    rows: 0,
    bytes: 0,
    hour: () => undefined,
    putHour: (_: number, __: Offset, blob: Uint8Array) => count(blob.length),
    putNow: (_: number, rows: Uint8Array) => count(rows.length),
    putLate: () => count(0),
    newestPage: () => -1,
    pages: () => [],
  }
  return store
}
