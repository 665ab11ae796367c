import { onTheme } from './theme.ts'

const tokens = [
  'surface',
  'raised',
  'line',
  'control',
  'ink',
  'ink-2',
  'ink-3',
  'series',
  'band',
  'band-edge',
  'p1',
  'p1-area',
  'p2',
  'p2-bg',
  'p3',
  'p3-bg',
  'time',
] as const
type Token = (typeof tokens)[number]

/** The colours of the theme in use, as a canvas takes them. */
export type Inks = Readonly<Record<Token, string>>

let resolved: Inks | null = null

/** Read again after `onTheme` has called. */
export function inks(): Inks {
  resolved ??= resolve()
  return resolved
}

onTheme(() => {
  resolved = null
})

/** light-dark() is settled only on an element, so one is asked. */
function resolve(): Inks {
  const probe = document.body.appendChild(document.createElement('i'))
  const colourOf = (token: Token) => {
    probe.style.color = `var(--${token})`
    return getComputedStyle(probe).color
  }
  const found = Object.fromEntries(tokens.map((token) => [token, colourOf(token)])) as Record<Token, string> // one entry a token
  probe.remove()
  return found
}
