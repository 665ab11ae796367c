import type { FileConfig } from '../../contract/calls.ts'
import type { Mapping } from '../../contract/model.ts'

/** Lines are read by the pattern that the settings hold; what a person maps by hand has another id. */
export function mappingOf({ name, topic, pattern, device, time }: FileConfig): Mapping {
  const none = { columns: null, separator: null, rows: null, signals: null, unit: null, quality: null }
  const from = Number.MAX_SAFE_INTEGER // what was kept before was read as it was
  return {
    ...none,
    id: `file/${name}`,
    topics: topic,
    format: 'pattern',
    schema: pattern,
    device,
    time,
    from,
    version: 1,
  }
}
