import { useState } from 'react'
import type { Status } from '../../core/contract/calls.ts'
import { Icon } from '../parts/icon.tsx'
import { PriorityMark } from '../parts/priority-mark.tsx'
import { chooseTheme, currentTheme } from '../theme/theme.ts'
import { useClock, useLink, useStatus } from '../use-core.ts'
import { isAway, waitsForDisk } from '../words/capture.ts'
import { bytes, count, percent, thin } from '../words/number.ts'
import { isHeld } from '../words/sync-state.ts'
import { age, countdown } from '../words/time.ts'
import styles from './frame.module.css'
import { openKeyList } from './key-list.tsx'

/** What the recorder does now, also while the pages show the past. */
export function StatusBar() {
  const status = useStatus()
  const clock = useClock()
  const link = useLink()
  const gone = link.state === 'down'
  return (
    <footer className={gone ? `${styles.status} ${styles.old}` : styles.status}>
      <span className={styles.now}>{gone ? `At ${clock.time(link.since)}` : 'Now'}</span>
      {status !== undefined && <Facts status={status} />}
      <span className="push" />
      {status !== undefined && (
        <>
          <span className={styles.aside}>{status.site}</span>
          <span className={styles.aside}>
            CPU {Math.round(status.cpuPercent)}
            {thin}%, {bytes(status.memoryBytes)}
          </span>
        </>
      )}
      <ThemeButton />
      <button type="button" onClick={openKeyList}>
        ? Keys
      </button>
    </footer>
  )
}

const nextTheme = { system: 'light', light: 'dark', dark: 'system' } as const

function ThemeButton() {
  const [theme, setTheme] = useState(currentTheme)
  const choose = () => {
    chooseTheme(nextTheme[theme])
    setTheme(nextTheme[theme])
  }
  return (
    <button
      type="button"
      onClick={choose}
      aria-label={`Colours: ${theme}`}
      title={`Colours: ${theme}. Next: ${nextTheme[theme]}`}
    >
      <Icon name={theme === 'dark' ? 'moon' : 'sun'} size={14} />
    </button>
  )
}

function Facts({ status }: { readonly status: Status }) {
  return (
    <>
      <Sources status={status} />
      {status.preparing !== null && (
        <span>
          {status.preparing.what}, {percent(status.preparing.done)}
        </span>
      )}
      <span>
        <Icon name="disk" size={14} />
        log {bytes(status.log.bytes)}
        {status.log.from !== null && `, ${age(status.time - status.log.from)}`}, {bytes(status.log.freeBytes)} free
      </span>
      {status.destinations.map((destination) => (
        <Destination key={destination.name} destination={destination} now={status.time} />
      ))}
      {status.stopped.map((thread) => (
        <span key={thread.thread} className="p1 medium">
          {thread.thread} stopped: {thread.message}
        </span>
      ))}
    </>
  )
}

function Sources({ status }: { readonly status: Status }) {
  const held = waitsForDisk(status)
  const away = status.sources.filter(isAway)
  const perSecond = status.sources.reduce((sum, source) => sum + source.perSecond, 0)
  const first = status.sources[0]
  if (first === undefined) return <span>no broker</span>
  if (held !== null)
    return (
      <span className="p1 medium num">
        <Icon name="disk" size={14} />
        {held}
      </span>
    )
  if (away.length > 0)
    return (
      <span className="p2 medium">
        <PriorityMark priority={null} state="silent" />
        {away.map((source) => source.name).join(', ')} away
      </span>
    )
  return (
    <span>
      <Icon name="radio" size={14} />
      {first.name}
      {status.sources.length > 1 && ` and ${status.sources.length - 1} more`}, {count(Math.round(perSecond))} msg/s
    </span>
  )
}

interface DestinationProps {
  readonly destination: Status['destinations'][number]
  readonly now: number
}

function Destination({ destination, now }: DestinationProps) {
  const clock = useClock()
  if (isHeld(destination.state))
    return (
      <span className="p2 medium">
        <PriorityMark priority={null} state="silent" />
        <span className="num" title={destination.retryAt === null ? undefined : clock.full(destination.retryAt)}>
          {destination.name} waits{destination.retryAt !== null && `, ${countdown(destination.retryAt - now)}`}
        </span>
      </span>
    )
  return (
    <span>
      <Icon name="upload" size={14} />
      {destination.name} {destination.state === 'live' ? `${age(destination.behindMs)} behind` : destination.state}
    </span>
  )
}
