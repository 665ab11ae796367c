import type { Pushes, PushName } from '../contract/calls.ts'

type Heard = <K extends PushName>(name: K, push: Pushes[K]) => void

/** Everyone who listens to the host. */
export interface Listeners {
  listen(heard: Heard): () => void
  push: Heard
  count(): number
}

export function openListeners(): Listeners {
  const listening = new Set<Heard>()
  return {
    listen: (heard) => {
      listening.add(heard)
      return () => listening.delete(heard)
    },
    push: (name, push) => {
      for (const heard of listening) heard(name, push)
    },
    count: () => listening.size,
  }
}
