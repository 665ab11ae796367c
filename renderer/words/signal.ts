/** "bowl_speed" -> "Bowl speed", "motor.currentL1" -> "Motor current L1": a signal as a heading says it. */
export function signalName(signal: string): string {
  const words = signal
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_./-]+/g, ' ')
    .trim()
  return words === '' ? signal : words[0]!.toUpperCase() + words.slice(1)
}
