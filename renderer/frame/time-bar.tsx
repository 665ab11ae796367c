import { useState } from 'react'
import type { At } from '../../core/contract/calls.ts'
import { useKeys } from '../keys.ts'
import { useCall, useStatus } from '../use-core.ts'
import { ClosedBar } from './closed-bar.tsx'
import { OpenBar } from './open-bar.tsx'
import { usePlaying } from './player.ts'
import { spanFor } from './time-window.ts'
import { useTimeKeys } from './transport.tsx'

const bins = 240

/** Where in time the pages are, and the way to another instant. T opens and closes the whole time machine. */
export function TimeBar({ at }: { readonly at: At }) {
  const [open, setOpen] = useState(false)
  const status = useStatus()
  const now = status?.time ?? Date.now()
  const span = spanFor(at, now, status?.log.from ?? null)
  const timeline = useCall('timeline', { ...span, bins, at: null }, { enabled: status !== undefined }).data
  const offset = useCall('health', { at }).data?.offset ?? null
  useKeys({ t: () => setOpen(!open) })
  useTimeKeys({ at, now, timeline })
  usePlaying(at, timeline)
  const props = { at, now, span, timeline, offset }
  return open ? (
    <OpenBar {...props} onClose={() => setOpen(false)} />
  ) : (
    <ClosedBar {...props} onOpen={() => setOpen(true)} />
  )
}
