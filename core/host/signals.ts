import { FieldError } from '../contract/errors.ts'

/** Calls `first` when the process is asked to end; asked again, it ends at once: nothing is lost by it. */
export function onAskedToEnd(first: () => void): void {
  let signals = 0
  const heard = () => (++signals === 1 ? first() : process.exit(1))
  for (const signal of asking()) process.on(signal, heard)
}

/** Aborted when the process is asked to end. */
export function calledOff(): AbortSignal {
  const off = new AbortController()
  onAskedToEnd(() => off.abort(new FieldError('stopped', 'called off')))
  return off.signal
}

/** Windows has Ctrl+Break and closing the console; elsewhere a hang-up stays what the shell made of it, so that nohup works. */
function asking(): readonly NodeJS.Signals[] {
  return process.platform === 'win32' ? ['SIGINT', 'SIGBREAK', 'SIGHUP'] : ['SIGINT', 'SIGTERM']
}
