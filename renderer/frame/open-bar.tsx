import { type FormEvent, useRef, useState } from 'react'
import type { Millis } from '../../core/contract/model.ts'
import { useKeys } from '../keys.ts'
import { Button } from '../parts/button.tsx'
import { Segmented } from '../parts/segmented.tsx'
import { Switch } from '../parts/switch.tsx'
import { showAt } from '../route.ts'
import { useClock } from '../use-core.ts'
import { count } from '../words/number.ts'
import { ago, type Clock } from '../words/time.ts'
import type { BarProps } from './closed-bar.tsx'
import { Lanes } from './lanes.tsx'
import { seek, setPlayer, speeds, usePlayer } from './player.ts'
import styles from './time-bar.module.css'
import type { Span } from './time-window.ts'
import { Transport } from './transport.tsx'

/** The time machine: the whole log with the part in view, and lanes of what happened in it. */
export function OpenBar({ onClose, ...props }: BarProps & { readonly onClose: () => void }) {
  const { at, now, offset } = props
  useKeys({ Escape: onClose })
  const clock = useClock()
  const [view, setView] = useState<Span | null>(null)
  const look = at === null ? styles.bar : `${styles.bar} ${styles.past}`
  return (
    <section className={`${look} ${styles.opened}`} aria-label="Time machine">
      <Tools {...props} />
      <Lanes {...props} span={view ?? props.span} clock={clock} onView={setView} />
      <div className={styles.side}>
        <p title={clock.utc(at ?? now)}>{clock.full(at ?? now)}</p>
        <p className="label num">
          {offset === null ? 'offset not known' : `offset ${count(offset)}`}, {at === null ? 'live' : ago(now - at)}
        </p>
        <div className={styles.actions}>
          <GoTo at={at ?? now} now={now} clock={clock} />
          <Button look={at === null ? 'plain' : 'time'} hint="L" disabled={at === null} onClick={() => showAt(null)}>
            Go live
          </Button>
        </div>
      </div>
    </section>
  )
}

function Tools(props: BarProps) {
  const { speed, skipGaps } = usePlayer()
  return (
    <div className={styles.tools}>
      <div className="row" style={{ gap: 2 }}>
        <Transport {...props} steps />
      </div>
      <Segmented
        look="time"
        label="Speed"
        value={String(speed)}
        choices={speeds.map((one) => ({ value: String(one), label: `${one}×` }))}
        onChange={(chosen) => setPlayer({ speed: speeds.find((one) => String(one) === chosen) ?? 1 })}
      />
      <Switch label="Skip gaps" on={skipGaps} onChange={(on) => setPlayer({ skipGaps: on })} />
      <span className="push" />
      <span className="small ink2">Space plays, ← → 1 min</span>
    </div>
  )
}

interface GoToProps {
  readonly at: Millis
  readonly now: Millis
  readonly clock: Clock
}

function GoTo({ at, now, clock }: GoToProps) {
  const field = useRef<HTMLInputElement>(null)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const asked = clock.parse(field.current?.value ?? '')
    if (asked !== null) seek(asked, now)
  }
  return (
    <form className={styles.goto} onSubmit={submit}>
      <input
        ref={field}
        spellCheck={false}
        aria-label={`Go to time, ${clock.zone}`}
        key={Math.floor(at / 60_000)}
        defaultValue={clock.field(at)}
      />
      <Button type="submit">Go</Button>
    </form>
  )
}
