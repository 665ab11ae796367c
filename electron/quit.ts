import { app, type Event, powerMonitor } from 'electron'

/** A system that shuts down gives a program about this long. What was acknowledged is in the log by then anyway. */
const mostMs = 5_000

/**
 * Every way out goes through one stop: Quit, the end of the session, a shutdown. Quitting waits for `stop`
 * for at most 5 s. Returns whether it has begun.
 */
export function quitInOrder(stop: () => Promise<void>): () => boolean {
  let state: 'running' | 'stopping' | 'stopped' = 'running'
  app.on('before-quit', (event) => {
    if (state === 'stopped') return
    event.preventDefault()
    if (state === 'stopping') return
    state = 'stopping'
    void ended(stop).then(() => {
      state = 'stopped'
      app.quit()
    })
  })
  // Windows sends no before-quit when the session ends.
  app.on('browser-window-created', (_event, window) => window.on('session-end', () => app.quit()))
  void app.whenReady().then(quitAtShutdown) // the monitor does not work before
  return () => state !== 'running'
}

/** The types leave out the event, which asks the system to wait for us. */
function quitAtShutdown(): void {
  powerMonitor.on('shutdown', (...[event]: Event[]) => {
    event?.preventDefault()
    app.quit()
  })
}

/** Resolves when `stop` has, when it failed, or when it took too long; the last two are said. */
async function ended(stop: () => Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`it took longer than ${mostMs / 1000} s`)), mostMs)
  try {
    await Promise.race([stop(), late.promise])
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    process.stderr.write(`Fieldwatch was not stopped in order: ${why}. What was acknowledged is in the log.\n`)
  } finally {
    clearTimeout(timer)
  }
}
