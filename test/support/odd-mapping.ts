import type { Mapping } from '../../core/contract/model.ts'

/** Reads "p=7" on x/odd, which is no text that the path knows, as signal p of the odd pump. */
export function oddMapping(from: number, unit = 'bar'): Mapping {
  return {
    id: 'm',
    topics: 'x/+',
    format: 'pattern',
    schema: 'p=(?<p>\\d+)',
    columns: null,
    separator: null,
    rows: null,
    device: '{2} pump',
    signals: null,
    unit,
    time: null,
    quality: null,
    from,
    version: 1,
  }
}
