import {
  keepPreviousData,
  type Query,
  QueryClient,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { createContext, useContext, useSyncExternalStore } from 'react'
import { type CallName, type Calls, readCalls, type Status } from '../core/contract/calls.ts'
import { FieldError } from '../core/contract/errors.ts'
import type { CommandName, Commands } from '../core/contract/model.ts'
import type { Core, Link } from './api.ts'
import { type Clock, clockIn } from './words/time.ts'

const CoreContext = createContext<Core | null>(null)
export const CoreProvider = CoreContext.Provider

export function useCore(): Core {
  const core = useContext(CoreContext)
  if (core === null) throw new FieldError('internal', 'useCore: no CoreProvider above this component')
  return core
}

/**
 * The answer to a call, asked again when the core says that it changed. While another input is on its way the old
 * answer stays, with `isPlaceholderData` true.
 */
export function useCall<K extends CallName>(
  name: K,
  input: Calls[K]['in'],
  options: { readonly enabled?: boolean } = {},
): UseQueryResult<Calls[K]['out'], Error> {
  const core = useCore()
  return useQuery<Calls[K]['out'], Error>({
    queryKey: [name, input],
    queryFn: ({ signal }) => core.call(name, input, signal),
    placeholderData: keepPreviousData,
    enabled: options.enabled ?? true,
  })
}

export function useLink(): Link {
  const core = useCore()
  return useSyncExternalStore(
    (changed) => core.onLink(changed),
    () => core.link(),
  )
}

/** What the core says of itself, now; undefined until it has answered once. */
export function useStatus(): Status | undefined {
  return useCall('status', {}).data
}

/** Writes times in the plant's zone. */
export function useClock(): Clock {
  return clockIn(useStatus()?.zone ?? 'UTC')
}

export interface Sending {
  /** `stored` is called once the record is in the log. */
  readonly send: <K extends CommandName>(name: K, value: Commands[K], stored?: () => void) => void
  readonly pending: boolean
  readonly error: Error | null
}

/** Sends what a person did, as a record in the log. The pages draw it when the views hold it. */
export function useCommand(): Sending {
  const core = useCore()
  const client = useQueryClient()
  const sending = useMutation<unknown, Error, Calls['command']['in']>({
    mutationFn: (command) => core.call('command', command),
    onSuccess: () => client.invalidateQueries({ predicate: (query) => followsViews(query) }),
  })
  const send: Sending['send'] = (name, value, stored) =>
    sending.mutate({ name, value } as Calls['command']['in'], { onSuccess: () => stored?.() }) // the pair is checked by `send`
  return { send, pending: sending.isPending, error: sending.error }
}

/** The least time between two questions, for answers that change slowly or cost much. */
const freshMs: Partial<Record<CallName, number>> = {
  alertLoad: 5_000,
  continuity: 10_000,
  'continuity.device': 10_000,
  'continuity.devices': 10_000,
  'continuity.silent': 10_000,
  timeline: 5_000,
  device: 1_000,
  series: 1_000,
  'rules.use': 10_000,
  'mapping.preview': 5_000,
}

/** Who acts, until there are users. */
export const person = 'operator'

/** A record never changes; everything else that reads the views may. */
const asksViews: readonly CallName[] = readCalls.filter((name) => name !== 'record')
const asksSync: readonly CallName[] = ['destinations', 'ledger', 'lag', 'outages', 'sync.jobs', 'sync.aside']

/** One cache for the window, kept true by the core's pushes. */
export function createCache(core: Core): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: { retry: false, staleTime: 60_000, gcTime: 60_000, refetchOnWindowFocus: false, networkMode: 'always' },
      mutations: { networkMode: 'always' },
    },
  })
  core.on('views', () => refresh(client, followsViews))
  core.on('sync', () => refresh(client, (query) => asksSync.includes(callOf(query))))
  core.on('status', (status) => client.setQueryData(['status', {}], status))
  core.onLink(() => core.link().state === 'up' && client.invalidateQueries())
  return client
}

const lookAgainMs = 500

/** Asks again for what changed at `since`; what may not be asked yet a little later, as no other push need come. */
function refresh(client: QueryClient, follows: (query: Query) => boolean, since = Date.now()): void {
  if (document.visibilityState === 'hidden') return
  const isOld = (query: Query) => follows(query) && query.state.dataUpdatedAt < since && query.state.status !== 'error'
  const due = (query: Query) => follows(query) && query.state.fetchStatus === 'idle' && isDue(query)
  const waits = client
    .getQueryCache()
    .findAll({ predicate: (query) => query.isActive() && isOld(query) && !due(query) })
  void client.invalidateQueries({ predicate: due })
  if (waits.length > 0) setTimeout(() => refresh(client, (query) => waits.includes(query) && isOld(query)), lookAgainMs)
}

function isDue(query: Query): boolean {
  return Date.now() - query.state.dataUpdatedAt >= (freshMs[callOf(query)] ?? 0)
}

/** A past instant does not change, so only live answers follow. */
function followsViews(query: Query): boolean {
  const input = query.queryKey[1] as { at?: unknown } | undefined
  return asksViews.includes(callOf(query)) && (input?.at ?? null) === null
}

function callOf(query: Query): CallName {
  return query.queryKey[0] as CallName // every key is made by useCall
}
