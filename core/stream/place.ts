/** Where a topic stands in the plant. */
export interface Place {
  readonly device: string
  readonly label: string
  readonly area: string
}

/** Longer topic names are cut, so that a topic of 60 kB is one odd device and not a burden on every view. */
const maxName = 256

/** The place of a message that holds several signals: its whole topic is the device. */
export function devicePlace(topic: string): Place {
  const levels = levelsOf(topic)
  return placeOf(levels, levels.length)
}

/** The place of a message that holds one value: the last level is the signal. */
export function signalPlace(topic: string): Place & { readonly signal: string } {
  const levels = levelsOf(topic)
  if (levels.length === 1) return { ...placeOf(levels, 1), signal: 'value' }
  return { ...placeOf(levels, levels.length - 1), signal: levels[levels.length - 1] || 'value' }
}

/** The place of a Sparkplug edge node in its group, or of a device at an edge node. */
export function nodePlace(group: string, edge: string, device: string | null): Place {
  const levels = device === null ? [group, edge] : [group, edge, device]
  return placeOf(levels, levels.length)
}

function levelsOf(topic: string): readonly string[] {
  const cut = topic.length > maxName ? `${topic.slice(0, maxName)}…` : topic
  return cut.split('/')
}

function placeOf(levels: readonly string[], n: number): Place {
  const last = levels[n - 1] || 'device'
  return { device: levels.slice(0, n).join('/') || 'device', label: labelOf(last), area: n > 1 ? levels[n - 2]! : '' }
}

/** "p-204" becomes "P-204", "chiller_2" becomes "Chiller 2". */
function labelOf(level: string): string {
  const words = level.replaceAll('_', ' ').trim() || level
  return words.charAt(0).toUpperCase() + words.slice(1)
}
