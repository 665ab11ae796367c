import { useKeys } from '../keys.ts'
import { IconButton } from '../parts/button.tsx'
import styles from './key-list.module.css'

const rows: readonly (readonly [string, string])[] = [
  ['Find or do', 'Ctrl K'],
  ['Health', 'G H'],
  ['Alerts', 'G A'],
  ['Devices', 'G D'],
  ['Sync', 'G S'],
  ['Connect', 'G C'],
  ['Next, previous', 'J K'],
  ['Open', 'Enter'],
  ['Back', 'Esc'],
  ['Acknowledge', 'A'],
  ['Filter', '/'],
  ['New rule', 'N'],
  ['Save a rule', 'Ctrl S'],
  ['Time machine', 'T'],
  ['Play, pause', 'Space'],
  ['One minute', '← →'],
  ['One second', 'Shift ← →'],
  ['One hour', 'Alt ← →'],
  ['Previous, next alert', '[ ]'],
  ['Slower, faster', '- +'],
  ['Bookmark this instant', 'M'],
  ['Live', 'L'],
  ['Keys', '?'],
]

const id = 'keys'

/** Shows the list of keys; Esc closes it. */
export function openKeyList(): void {
  const dialog = document.getElementById(id)
  if (dialog instanceof HTMLDialogElement) dialog.showModal()
}

export function KeyList() {
  useKeys({ '?': openKeyList })
  return (
    <dialog id={id} className={styles.dialog} aria-labelledby="keys-title">
      <form method="dialog" className={styles.top}>
        <h2 id="keys-title">Keys</h2>
        <IconButton icon="close" label="Close" type="submit" />
      </form>
      <dl className={styles.keys}>
        {rows.map(([what, keys]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>
              {keys.split(' ').map((key) => (
                <kbd key={key} className={styles.key}>
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <p className="label">No key works while you type. On a Mac, Option stands for Alt.</p>
    </dialog>
  )
}
