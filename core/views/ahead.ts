import { kindCode, payload } from '../contract/block.ts'
import type { Mapping } from '../contract/model.ts'
import type { LogReader } from '../log/reader.ts'
import { isUsable } from '../stream/mappings.ts'
import type { Ahead } from '../stream/plant.ts'

/** The mappings of a log that count from before their own record, by the record from which they count. */
export function mappingsAhead(reader: LogReader): readonly Ahead[] {
  const found: Ahead[] = []
  const head = reader.head()
  for (let at = reader.base(); at < head; ) {
    const block = reader.read(at)
    if (block === null) break
    for (let row = Math.max(0, at - block.first); row < block.n; row++) {
      if (block.kind[row] !== kindCode.command || block.topics[block.topic[row]!]!.name !== 'mapping.put') continue
      const mapping = mappingIn(payload(block, row))
      if (mapping !== null && mapping.from < block.first + row) found.push({ offset: block.first + row, mapping })
    }
    at = block.first + block.n
  }
  return inOrder(found)
}

/** What a path should know ahead that goes on from what another knew, and lacked, without a look at the log. */
export function aheadWith(known: readonly Ahead[], lacking: readonly Ahead[]): readonly Ahead[] {
  return inOrder([...known, ...lacking])
}

function inOrder(puts: Ahead[]): readonly Ahead[] {
  return puts.sort((a, b) => a.mapping.from - b.mapping.from || a.offset - b.offset)
}

/** Null: it is damaged, and the path leaves it alone too. */
function mappingIn(bytes: Uint8Array): Mapping | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof value === 'object' && value !== null && isUsable(value as Mapping) ? (value as Mapping) : null
  } catch {
    return null
  }
}
