import { keepPreviousData, useQueries } from '@tanstack/react-query'
import type { At, Calls, DeviceRow } from '../../../core/contract/calls.ts'
import { useCore } from '../../use-core.ts'

const pageSize = 50

/** A line of the table: the head of an area, or the device with this index in the whole order. */
export type Line =
  | { readonly kind: 'area'; readonly index: number; readonly area: string; readonly count: number }
  | { readonly kind: 'device'; readonly index: number }

interface Asked {
  readonly at: At
  readonly sort: 'area' | 'worst'
  readonly filter: string
}

interface DevicePages {
  /** Null: not known yet. */
  readonly total: number | null
  readonly areas: Calls['devices']['out']['areas']
  readonly error: Error | null
  /** The answer is to an earlier question. */
  readonly stale: boolean
  /** Undefined: on its way. */
  rowAt(index: number): DeviceRow | undefined
}

/** Asks for the pages that hold the devices [first, last] of the order, and for the first page always. */
export function useDevicePages(asked: Asked, [first, last]: readonly [number, number]): DevicePages {
  const core = useCore()
  const wanted = pagesOf(first, last)
  const answers = useQueries({
    queries: wanted.map((page) => {
      const input = { ...asked, from: page * pageSize, count: pageSize }
      return {
        queryKey: ['devices', input],
        queryFn: ({ signal }: { signal: AbortSignal }) => core.call('devices', input, signal),
        placeholderData: keepPreviousData<Calls['devices']['out']>,
      }
    }),
  })
  const newest = answers[0]
  return {
    total: newest?.data?.total ?? null,
    areas: newest?.data?.areas ?? [],
    error: newest?.data === undefined ? (newest?.error ?? null) : null,
    stale: newest?.isPlaceholderData ?? false,
    rowAt(index) {
      const page = answers[wanted.indexOf(Math.floor(index / pageSize))]?.data
      return page === undefined ? undefined : page.rows[index - page.from]
    },
  }
}

/** The lines of the table in order: with areas each area's head before its devices. */
export function linesOf(total: number | null, areas: DevicePages['areas'] | null): Line[] {
  if (areas === null) return Array.from({ length: total ?? 0 }, (_, index) => ({ kind: 'device', index }))
  const lines: Line[] = []
  let index = 0
  for (const { area, count } of areas) {
    lines.push({ kind: 'area', index, area, count })
    for (let i = 0; i < count; i++) lines.push({ kind: 'device', index: index++ })
  }
  return lines
}

function pagesOf(first: number, last: number): number[] {
  const from = Math.floor(first / pageSize)
  const to = Math.floor(last / pageSize)
  const seen = Array.from({ length: to - from + 1 }, (_, i) => from + i)
  return from === 0 ? seen : [0, ...seen]
}
