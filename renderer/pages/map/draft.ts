import type { Mapping } from '../../../core/contract/model.ts'

/** A mapping as it is typed: everything is text, and empty is nothing. */
export interface Draft {
  readonly id: string
  readonly topics: string
  readonly format: Mapping['format']
  readonly schema: string
  readonly columns: string
  readonly separator: ',' | ';' | '\t'
  readonly rows: string
  readonly device: string
  /** A line for each: signal = field, unit. */
  readonly signals: string
  readonly unit: string
  readonly time: string
  readonly quality: string
  readonly good: string
}

export function draftFor(topic: string | null): Draft {
  return {
    ...{ id: '', topics: topic ?? '', format: 'json', schema: '', columns: '', separator: ',', rows: '', device: '' },
    ...{ signals: '', unit: '', time: '', quality: '', good: '' },
  }
}

export function draftOf(mapping: Mapping): Draft {
  return {
    id: mapping.id,
    topics: mapping.topics,
    format: mapping.format,
    schema: mapping.schema ?? '',
    columns: mapping.columns?.join(', ') ?? '',
    separator: mapping.separator ?? ',',
    rows: mapping.rows ?? '',
    device: mapping.device ?? '',
    signals: mapping.signals?.map(lineOf).join('\n') ?? '',
    unit: mapping.unit ?? '',
    time: mapping.time ?? '',
    quality: mapping.quality?.field ?? '',
    good: mapping.quality?.good.join(', ') ?? '',
  }
}

export function toMapping(draft: Draft, from: number): Mapping {
  const signals = linesOf(draft.signals).map(signalOf)
  const good = listOf(draft.good)
  return {
    id: draft.id === '' ? `topic/${draft.topics}` : draft.id,
    topics: draft.topics,
    format: draft.format,
    schema: orNull(draft.schema),
    columns: draft.columns.trim() === '' ? null : draft.columns.split(',').map((name) => name.trim()),
    separator: draft.format === 'csv' ? draft.separator : null,
    rows: orNull(draft.rows),
    device: orNull(draft.device),
    signals: signals.length === 0 ? null : signals,
    unit: orNull(draft.unit),
    time: orNull(draft.time),
    quality: draft.quality.trim() === '' || good.length === 0 ? null : { field: draft.quality.trim(), good },
    from,
    version: 1,
  }
}

type Signal = NonNullable<Mapping['signals']>[number]

function lineOf({ signal, field, unit }: Signal): string {
  return `${signal} = ${field}${unit === null ? '' : `, ${unit}`}`
}

/** "flow = data.f, l/s", or only the field, which is then the name too. */
function signalOf(line: string): Signal {
  const [name = '', ...rest] = line.split('=')
  const [field = '', unit = ''] = (rest.length === 0 ? name : rest.join('=')).split(',').map((part) => part.trim())
  return { signal: rest.length === 0 ? field : name.trim() || field, field, unit: orNull(unit) }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function orNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim()
}
