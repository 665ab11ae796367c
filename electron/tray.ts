import { join } from 'node:path'
import { Menu, type NativeImage, nativeImage, Tray } from 'electron'
import type { Status } from '../core/contract/calls.ts'
import { packageRoot } from '../core/host/package.ts'
import type { Core } from '../core/host/session.ts'
import { stateInWords } from './state-words.ts'

export interface TrayActions {
  /** Sentences that stay in the menu. */
  readonly notes: readonly string[]
  readonly open: () => void
  readonly quit: () => void
}

/** The icon near the clock: how things are in words, Open, Quit. Some Linux desktops show none, so it is never the only way back. */
export function openTray(core: Core, actions: TrayActions): void {
  const tray = new Tray(greyIcon()) // what listens to the core holds it; a tray that nobody holds is collected
  let status: Status | null = null
  let openAlerts = 0
  let shown: string | null = null
  const draw = () => {
    const words = [...stateInWords(status, openAlerts), ...actions.notes]
    if (words.join('\n') === shown) return // a new menu closes the one that is open
    shown = words.join('\n')
    tray.setToolTip(`Fieldwatch\n${words[0]}`)
    tray.setContextMenu(Menu.buildFromTemplate([...lines(words), ...buttons(actions)]))
  }
  tray.on('click', actions.open)
  core.listen((name, push) => {
    if (name === 'status') status = push as Status // the contract's type of this name
    if (name === 'views') openAlerts = (push as { readonly alerts: number }).alerts
    if (name !== 'sync') draw()
  })
  draw()
}

/** Drawn by the system in its own colour on macOS. */
function greyIcon(): NativeImage {
  const icon = nativeImage.createFromPath(join(packageRoot(), 'electron', 'tray.png'))
  icon.setTemplateImage(process.platform === 'darwin')
  return icon
}

function lines(words: readonly string[]) {
  return words.map((label) => ({ label, enabled: false }))
}

function buttons({ open, quit }: TrayActions) {
  return [{ type: 'separator' as const }, { label: 'Open Fieldwatch', click: open }, { label: 'Quit', click: quit }]
}
