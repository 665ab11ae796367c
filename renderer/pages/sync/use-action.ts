import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Calls } from '../../../core/contract/calls.ts'
import { useCore } from '../../use-core.ts'

type ActionName =
  | 'sync.retryNow'
  | 'sync.pause'
  | 'sync.delivery'
  | 'sync.createTopics'
  | 'sync.sendAgain'
  | 'sync.check'
  | 'sync.cancel'
  | 'config.put'
type Action = { [K in ActionName]: readonly [K, Calls[K]['in']] }[ActionName]

/** Does one thing to a destination, then asks again how it stands. */
export function useAction(done: () => void = () => {}) {
  const core = useCore()
  const client = useQueryClient()
  return useMutation<unknown, Error, Action>({
    mutationFn: ([name, input]) => core.call(name, input),
    onSuccess: async () => {
      await client.invalidateQueries({ predicate: (query) => changed.includes(String(query.queryKey[0])) })
      done()
    },
  })
}

const changed = ['destinations', 'ledger', 'lag', 'outages', 'sync.jobs', 'sync.aside', 'config', 'status']
