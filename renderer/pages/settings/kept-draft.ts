import { useState } from 'react'

/** What was typed over `saved` and not stored yet, kept through errors and reloads. */
export interface Kept<T> {
  readonly draft: T
  readonly isChanged: boolean
  readonly change: (part: Partial<T>) => void
  readonly forget: () => void
}

export function useKept<T extends object>(key: string, saved: T): Kept<T> {
  const place = `fieldwatch.${key}`
  const [typed, setTyped] = useState<Partial<T>>(() => JSON.parse(sessionStorage.getItem(place) ?? '{}'))
  const put = (next: Partial<T>) => {
    setTyped(next)
    if (Object.keys(next).length === 0) sessionStorage.removeItem(place)
    else sessionStorage.setItem(place, JSON.stringify(next))
  }
  return {
    draft: { ...saved, ...typed },
    isChanged: Object.keys(typed).length > 0,
    change: (part) => put({ ...typed, ...part }),
    forget: () => put({}),
  }
}
