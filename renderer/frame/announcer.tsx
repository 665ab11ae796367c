import { useEffect, useRef, useState } from 'react'
import { useCall, useCore } from '../use-core.ts'
import { worthSaying } from './worth-saying.ts'

const quietMs = 10_000

/**
 * Says new alerts to those who do not see them: critical ones at once, others politely, at most one in ten seconds.
 * The numbers on the pages are not said.
 */
export function Announcer() {
  const core = useCore()
  const waiting = useCall('health', { at: null }).data?.alerts.unacknowledged
  const before = useRef<number | undefined>(undefined)
  const spoken = useRef(0)
  const said = useRef(-1)
  const [words, setWords] = useState({ critical: '', polite: '' })
  useEffect(() => {
    const rose = before.current !== undefined && waiting !== undefined && waiting > before.current
    before.current = waiting
    if (!rose) return
    const asked = new AbortController()
    const say = (critical: boolean, text: string) => {
      if (!critical && Date.now() - spoken.current < quietMs) return
      spoken.current = Date.now()
      setWords(critical ? { critical: text, polite: '' } : { critical: '', polite: text })
    }
    core
      .call('alerts', { at: null, show: 'open', device: null, limit: 20 }, asked.signal)
      .then(({ rows }) => {
        const newest = worthSaying(rows, said.current)
        if (newest === null) return
        said.current = newest.called ?? said.current
        say(
          newest.priority === 1,
          `${newest.alert.already ? 'Already active: ' : ''}${newest.alert.title}, ${newest.label}`,
        )
      })
      .catch((error: unknown) => {
        if (!asked.signal.aborted) say(false, `A new alert, not known which: ${String(error)}`)
      })
    return () => asked.abort()
  }, [core, waiting])
  return (
    <>
      <div className="unseen" role="alert">
        {words.critical}
      </div>
      <div className="unseen" role="status">
        {words.polite}
      </div>
    </>
  )
}
