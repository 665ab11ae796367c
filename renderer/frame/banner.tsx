import type { Millis } from '../../core/contract/model.ts'
import { Button } from '../parts/button.tsx'
import { Icon } from '../parts/icon.tsx'
import { showAt } from '../route.ts'
import { useClock, useStatus } from '../use-core.ts'
import { ago } from '../words/time.ts'
import { Bookmark } from './bookmark.tsx'
import styles from './frame.module.css'

/** Says which instant the pages show, as long as it is not now. */
export function Banner({ at }: { readonly at: Millis }) {
  const clock = useClock()
  const now = useStatus()?.time ?? Date.now()
  return (
    <div className={styles.banner}>
      <Icon name="history" />
      <p>
        <span title={clock.utc(at)}>You see {clock.long(at)}</span>, {ago(now - at)}. Capture goes on. Acknowledge,
        shelve and send are off here.
      </p>
      <Bookmark at={at} />
      <Button look="time" hint="L" onClick={() => showAt(null)}>
        Back to live
      </Button>
    </div>
  )
}
