import { powerMonitor } from 'electron'
import type { Host } from '../core/host/host.ts'

/** Tells the log when the machine goes to sleep and when it is back, so that the gap has its cause. */
export function recordSleep(host: Pick<Host, 'link'>): void {
  const record = (event: 'asleep' | 'awake') => void host.link(event).catch((error: Error) => said(event, error))
  powerMonitor.on('suspend', () => record('asleep'))
  powerMonitor.on('resume', () => record('awake'))
}

/** The recorder is down at that moment: its own failure is on the page, and capture must not fall over this. */
function said(event: string, error: Error): void {
  process.stderr.write(`That the machine is ${event} is not in the log: ${error.message}\n`)
}
