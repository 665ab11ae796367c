import { useEffect, useRef } from 'react'

/** What keys do while a component is there: "j", "Enter", "g h" (one after the other), "Shift+ArrowLeft", "?". */
export type Keys = Readonly<Record<string, () => void>>

const stack: { current: Keys }[] = []
const sequenceMs = 1_200
let began: { readonly key: string; readonly at: number } | null = null

/** Listens while the component is there; the newest component that knows a key has it. None work while typing. */
export function useKeys(keys: Keys): void {
  const held = useRef(keys)
  held.current = keys
  useEffect(() => {
    stack.push(held)
    return () => {
      stack.splice(stack.indexOf(held), 1)
    }
  }, [])
}

/** Hands the keys of the window to the components that asked; returns what stops it. */
export function listenToKeys(): () => void {
  addEventListener('keydown', press)
  return () => removeEventListener('keydown', press)
}

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || isTyping(event.target)) return
  if (document.querySelector('dialog[open]') !== null) return // it has its own keys, Esc among them
  const action = actionFor(nameOf(event), event.timeStamp)
  if (action === null || keepsItsOwn(event)) return
  event.preventDefault()
  action()
}

function actionFor(key: string, at: number): (() => void) | null {
  const first = began !== null && at - began.at < sequenceMs ? began.key : null
  began = null
  const sequence = first === null ? undefined : find(`${first} ${key}`)
  if (sequence !== undefined) return sequence
  if (stack.some((keys) => Object.keys(keys.current).some((name) => name.startsWith(`${key} `)))) began = { key, at }
  return find(key) ?? null
}

function find(key: string): (() => void) | undefined {
  return stack.findLast((keys) => key in keys.current)?.current[key]
}

function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  const named = event.altKey ? `Alt+${key}` : key
  return event.shiftKey && event.key.length > 1 ? `Shift+${named}` : named
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null
}

/** Enter and Space press the button that has the focus; arrows belong to a chart or a list that has it. */
function keepsItsOwn(event: KeyboardEvent): boolean {
  const target = event.target
  if (!(target instanceof HTMLElement)) return false
  if (event.key === 'Enter' || event.key === ' ') return target.closest('button, a, summary') !== null
  return event.key.startsWith('Arrow') && target.closest('[data-arrows]') !== null
}

/** Moves the focus to the next (1) or previous (-1) row of the page; a row is a link or button with `data-row`. */
export function moveRow(by: -1 | 1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')]
  const now = rows.indexOf(document.activeElement as HTMLElement) // -1 for what is not a row
  const next = now < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, now + by))
  rows[next]?.focus({ focusVisible: true } as FocusOptions)
  rows[next]?.scrollIntoView({ block: 'nearest' })
}

/** What `data-row` of the focused row holds; null when no row has the focus. */
export function focusedRow(): string | null {
  return document.activeElement instanceof HTMLElement ? (document.activeElement.dataset.row ?? null) : null
}
