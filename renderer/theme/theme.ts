const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** What the person chose; `system` follows the machine. */
export function currentTheme(): Theme {
  return themes.find((theme) => theme === localStorage.getItem('theme')) ?? 'system'
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem('theme', theme)
  startTheme()
}

/** Puts the chosen theme on the page; `?theme=dark` in the address wins for this load. */
export function startTheme(): void {
  const asked = new URLSearchParams(location.search).get('theme')
  const theme = themes.find((name) => name === asked) ?? currentTheme()
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  for (const listen of listeners) listen()
}

const listeners = new Set<() => void>()

/** Hears when colours change, by choice or by the machine. */
export function onTheme(listen: () => void): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  dark.addEventListener('change', listen)
  listeners.add(listen)
  return () => {
    dark.removeEventListener('change', listen)
    listeners.delete(listen)
  }
}
