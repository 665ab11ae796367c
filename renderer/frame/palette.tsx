import { Command } from 'cmdk'
import { useEffect, useRef, useState } from 'react'
import type { At } from '../../core/contract/calls.ts'
import { Icon, type IconName } from '../parts/icon.tsx'
import { Kbd } from '../parts/kbd.tsx'
import { go, type Route, showAt } from '../route.ts'
import { useCall } from '../use-core.ts'
import { openKeyList } from './key-list.tsx'
import styles from './palette.module.css'

const devicesShown = 8

/** The field in the nav, and what it opens: type a few letters of a place, a device or an action. Ctrl K, on a Mac Cmd K. */
export function Palette({ at }: { readonly at: At }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [open, setOpen] = useState(false)
  const show = () => {
    setOpen(true)
    dialog.current?.showModal()
  }
  useCtrlK(show)
  return (
    <>
      <button type="button" className={styles.find} onClick={show} title="Find or do (Ctrl K)">
        <Icon name="search" />
        <span>Find or do…</span>
        <Kbd keys="Ctrl K" />
      </button>
      <dialog ref={dialog} className={styles.dialog} aria-label="Find or do" onClose={() => setOpen(false)}>
        {open && <Choices at={at} onDone={() => dialog.current?.close()} />}
      </dialog>
    </>
  )
}

function useCtrlK(show: () => void): void {
  const latest = useRef(show)
  latest.current = show
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      if (document.querySelector('dialog[open]') === null) latest.current()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
}

interface Choice {
  readonly id: string
  readonly name: string
  readonly icon: IconName
  readonly keys?: string
  readonly act: () => void
}

function Choices({ at, onDone }: { readonly at: At; readonly onDone: () => void }) {
  const [words, setWords] = useState('')
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), []) // a modal dialog gives the focus to the list around it
  const found =
    useCall('devices', { at, sort: 'area', filter: words.trim(), from: 0, count: devicesShown }).data?.rows ?? []
  const run = (act: () => void) => () => {
    onDone()
    act()
  }
  const devices: readonly Choice[] = found.map((row) => ({
    id: `device ${row.device}`,
    name: row.label,
    icon: 'device',
    act: () => go({ page: 'device', id: row.device, tab: 'signals', at }),
  }))
  const actions = actionsAt(at).filter((choice) => choice.name.toLowerCase().includes(words.trim().toLowerCase()))
  return (
    <Command label="Find or do" shouldFilter={false} loop>
      <div className={styles.search}>
        <Icon name="search" />
        <Command.Input ref={field} value={words} onValueChange={setWords} placeholder="A page, a device, an action" />
      </div>
      <Command.List className={styles.list}>
        <Command.Empty className={styles.item}>Nothing has "{words}" in its name.</Command.Empty>
        {[...actions, ...devices].map((choice) => (
          <Command.Item key={choice.id} value={choice.id} className={styles.item} onSelect={run(choice.act)}>
            <Icon name={choice.icon} />
            <span>{choice.name}</span>
            {choice.keys !== undefined && <Kbd keys={choice.keys} />}
          </Command.Item>
        ))}
      </Command.List>
    </Command>
  )
}

function actionsAt(at: At): readonly Choice[] {
  const to = (route: Route) => () => go(route)
  const places: readonly Choice[] = [
    { id: 'Health', name: 'Health', icon: 'grid', keys: 'G H', act: to({ page: 'health', at }) },
    {
      id: 'Alerts',
      name: 'Alerts',
      icon: 'bell',
      keys: 'G A',
      act: to({ page: 'alerts', id: null, show: 'open', at }),
    },
    {
      id: 'Alerts, history',
      name: 'Alerts, history',
      icon: 'history',
      act: to({ page: 'alerts', id: null, show: 'history', at }),
    },
    { id: 'Devices', name: 'Devices', icon: 'device', keys: 'G D', act: to({ page: 'devices', show: 'all', at }) },
    {
      id: 'Messages that could not be read',
      name: 'Messages that could not be read',
      icon: 'info',
      act: to({ page: 'devices', show: 'unreadable', at }),
    },
    { id: 'Sync', name: 'Sync', icon: 'upload', keys: 'G S', act: to({ page: 'sync', at }) },
    { id: 'Connect a broker', name: 'Connect a broker', icon: 'plug', keys: 'G C', act: to({ page: 'connect', at }) },
    {
      id: 'Settings, rules',
      name: 'Settings, rules',
      icon: 'rules',
      act: to({ page: 'settings', section: 'rules', id: null, at }),
    },
    {
      id: 'Settings, plant and time zone',
      name: 'Settings, plant and time zone',
      icon: 'clock',
      act: to({ page: 'settings', section: 'plant', id: null, at }),
    },
    { id: 'Keys', name: 'Keys', icon: 'info', keys: '?', act: openKeyList },
  ]
  return at === null
    ? places
    : [{ id: 'Back to live', name: 'Back to live', icon: 'radio', keys: 'L', act: () => showAt(null) }, ...places]
}
