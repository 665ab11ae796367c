import { Icon } from '../parts/icon.tsx'
import { useClock, useLink } from '../use-core.ts'
import styles from './frame.module.css'

/** The shell starts its own core; a page in a browser can only knock. */
const again = location.protocol === 'fieldwatch:' ? 'Starting it again…' : 'Trying to reach it again…'

/** The core cannot be reached: since when, and what happens next. What the pages show is from before. */
export function StoppedBar() {
  const clock = useClock()
  const since = useLink().since
  return (
    <div className={styles.stopped} role="alert">
      <Icon name="away" />
      <p>
        <span className="medium">The recorder stopped at {clock.time(since)}.</span> {again} What you see is from before{' '}
        {clock.time(since)}.
      </p>
    </div>
  )
}
