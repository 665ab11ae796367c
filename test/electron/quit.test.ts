import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { quitInOrder } from '../../electron/quit.ts'
import { app, BrowserWindow, machine, powerMonitor, reset } from './double.ts'

vi.mock('electron', () => import('./double.ts'))

let stop: ReturnType<typeof vi.fn<() => Promise<void>>>
let stopped: PromiseWithResolvers<void>
let quitting: () => boolean
let said: string
beforeEach(async () => {
  reset()
  vi.useFakeTimers()
  said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text
    return true
  })
  stopped = Promise.withResolvers<void>()
  stop = vi.fn(() => stopped.promise)
  quitting = quitInOrder(stop)
  await app.becomeReady()
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

test('it waits for the stop, however often Quit is chosen, and then quits', async () => {
  expect(quitting()).toBe(false)
  app.quit()
  app.quit()
  expect([quitting(), machine.exitCode]).toEqual([true, null])
  await vi.advanceTimersByTimeAsync(4_000)
  expect(machine.exitCode).toBeNull()
  stopped.resolve()
  await vi.advanceTimersByTimeAsync(0)
  expect([machine.exitCode, said]).toEqual([0, ''])
  expect(stop).toHaveBeenCalledOnce()
})

test('a stop that hangs holds it up for 5 s and no longer, and that is said', async () => {
  app.quit()
  await vi.advanceTimersByTimeAsync(4_999)
  expect(machine.exitCode).toBeNull()
  await vi.advanceTimersByTimeAsync(1)
  expect(machine.exitCode).toBe(0)
  expect(said).toMatch(/not stopped in order: it took longer than 5 s\. What was acknowledged is in the log\./)
})

test('a stop that fails is said, and it quits all the same', async () => {
  app.quit()
  stopped.reject(new Error('the disk is gone'))
  await vi.advanceTimersByTimeAsync(0)
  expect(machine.exitCode).toBe(0)
  expect(said).toMatch(/the disk is gone/)
})

test('no timer is left when it has stopped', async () => {
  app.quit()
  stopped.resolve()
  await vi.advanceTimersByTimeAsync(0)
  expect(vi.getTimerCount()).toBe(0)
})

test('a shutdown of the system goes the same way, and the system is asked to wait', async () => {
  expect(powerMonitor.shutdown()).toBe(true)
  expect(stop).toHaveBeenCalledOnce()
  stopped.resolve()
  await vi.advanceTimersByTimeAsync(0)
  expect(machine.exitCode).toBe(0)
})

test('the end of a Windows session goes the same way', async () => {
  const window = new BrowserWindow({ webPreferences: {} })
  window.emit('session-end', { reasons: ['logoff'] })
  expect(stop).toHaveBeenCalledOnce()
  stopped.resolve()
  await vi.advanceTimersByTimeAsync(0)
  expect([machine.exitCode, BrowserWindow.open.size]).toEqual([0, 0])
})
