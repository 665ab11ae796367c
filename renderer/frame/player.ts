import { type Query, useQueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import type { At, Timeline } from '../../core/contract/calls.ts'
import type { Millis } from '../../core/contract/model.ts'
import { currentRoute, showAt } from '../route.ts'
import { pastGap } from './time-window.ts'

export const speeds = [1, 10, 60, 1000] as const
export type Speed = (typeof speeds)[number]

/** How the past is played. Live needs no player: there time moves by itself. */
export interface Player {
  readonly playing: boolean
  readonly speed: Speed
  readonly skipGaps: boolean
}

let player: Player = { playing: false, speed: 60, skipGaps: true }
const listeners = new Set<() => void>()

export function setPlayer(change: Partial<Player>): void {
  player = { ...player, ...change }
  for (const listen of listeners) listen()
}

export function usePlayer(): Player {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
    () => player,
  )
}

export function faster(by: -1 | 1): void {
  const next = Math.min(speeds.length - 1, Math.max(0, speeds.indexOf(player.speed) + by))
  setPlayer({ speed: speeds[next]! })
}

/** Shows an instant, or live when it is not before now. */
export function seek(at: Millis, now: Millis): void {
  showAt(at >= now - 1_000 ? null : Math.round(at / 1_000) * 1_000)
}

/** Plays or holds. Holding in live stops the picture at now. */
export function togglePlay(at: At, now: Millis): void {
  if (at === null) {
    setPlayer({ playing: false })
    showAt(Math.floor(now / 1_000) * 1_000)
  } else setPlayer({ playing: !player.playing })
}

const stepMs = 500

/** Moves the instant while it plays. It waits for the pages, so that a slow answer slows the film instead of being skipped. */
export function usePlaying(at: At, timeline: Timeline | undefined): void {
  const client = useQueryClient()
  const { playing, speed, skipGaps } = usePlayer()
  const runs = playing && at !== null
  useEffect(() => {
    if (!runs) return
    let exact = currentRoute().at ?? Date.now()
    const timer = setInterval(() => {
      const shown = currentRoute().at
      if (shown === null || client.isFetching({ predicate: (query) => isAt(query, shown) }) > 0) return
      if (Math.abs(shown - exact) > 1_000) exact = shown // somebody dragged it
      exact += stepMs * speed
      if (skipGaps) exact = pastGap(timeline, exact)
      seek(exact, Date.now())
    }, stepMs)
    return () => clearInterval(timer)
  }, [runs, speed, skipGaps, client, timeline])
}

function isAt(query: Query, at: Millis): boolean {
  return (query.queryKey[1] as { at?: unknown } | undefined)?.at === at
}
