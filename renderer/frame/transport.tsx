import type { At, Timeline } from '../../core/contract/calls.ts'
import type { Millis } from '../../core/contract/model.ts'
import { useKeys } from '../keys.ts'
import { IconButton } from '../parts/button.tsx'
import { showAt } from '../route.ts'
import { faster, seek, togglePlay, usePlayer } from './player.ts'
import { neighbourAlert } from './time-window.ts'

export interface TransportProps {
  readonly at: At
  readonly now: Millis
  readonly timeline: Timeline | undefined
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

/** The keys that move through time; the buttons do the same. */
export function useTimeKeys({ at, now, timeline }: TransportProps): void {
  const by = (ms: Millis) => () => seek((at ?? now) + ms, now)
  useKeys({
    ' ': () => togglePlay(at, now),
    ArrowLeft: by(-minute),
    ArrowRight: by(minute),
    'Shift+ArrowLeft': by(-second),
    'Shift+ArrowRight': by(second),
    'Alt+ArrowLeft': by(-hour),
    'Alt+ArrowRight': by(hour),
    '[': () => jump({ at, now, timeline }, -1),
    ']': () => jump({ at, now, timeline }, 1),
    '-': () => faster(-1),
    '+': () => faster(1),
    l: () => showAt(null),
  })
}

/** Previous alert, play, next alert; with `steps` also a minute back and on. */
export function Transport({ steps = false, ...props }: TransportProps & { readonly steps?: boolean }) {
  const { at, now } = props
  const moves = usePlayer().playing || at === null
  return (
    <>
      <IconButton icon="skipBack" label="Previous alert" onClick={() => jump(props, -1)} />
      {steps && <IconButton icon="stepBack" label="One minute back" onClick={() => seek((at ?? now) - minute, now)} />}
      <IconButton
        icon={moves ? 'pause' : 'play'}
        label={moves ? 'Hold here' : 'Play'}
        onClick={() => togglePlay(at, now)}
      />
      {steps && (
        <IconButton
          icon="stepForward"
          label="One minute on"
          disabled={at === null}
          onClick={() => seek((at ?? now) + minute, now)}
        />
      )}
      <IconButton icon="skipForward" label="Next alert" disabled={at === null} onClick={() => jump(props, 1)} />
    </>
  )
}

function jump({ at, now, timeline }: TransportProps, side: -1 | 1): void {
  const to = neighbourAlert(timeline, at ?? now, side)
  if (to !== null) seek(to, now)
  else if (side > 0) showAt(null)
}
