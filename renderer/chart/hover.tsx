import { createContext, type ReactNode, useContext, useState } from 'react'
import type { At } from '../../core/contract/calls.ts'

/** The instant under the pointer, shared by all charts of a page. It changes too often for a render. */
export interface Hover {
  readonly at: () => At
  set(at: At): void
  listen(listen: (at: At) => void): () => void
}

export function createHover(): Hover {
  let at: At = null
  const listeners = new Set<(at: At) => void>()
  return {
    at: () => at,
    set(next) {
      if (next === at) return
      at = next
      for (const listen of listeners) listen(at)
    },
    listen(listen) {
      listeners.add(listen)
      return () => listeners.delete(listen)
    },
  }
}

const HoverContext = createContext<Hover>(createHover())

/** Charts inside share one hover line. */
export function ChartGroup({ children }: { readonly children: ReactNode }) {
  const [hover] = useState(createHover)
  return <HoverContext.Provider value={hover}>{children}</HoverContext.Provider>
}

export function useHover(): Hover {
  return useContext(HoverContext)
}
