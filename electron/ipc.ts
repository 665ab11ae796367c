import { ipcMain, MessageChannelMain, type WebFrameMain } from 'electron'
import { servePort } from '../core/host/port.ts'
import type { Core } from '../core/host/session.ts'
import { isOurs } from './protocol.ts'

/** Each page of ours that asks gets a port of its own to the core. Whoever else asks gets no answer. */
export function giveOutPorts(core: Core): void {
  ipcMain.on('port', ({ senderFrame }) => {
    if (senderFrame === null || !isOurPage(senderFrame)) return
    const { port1, port2 } = new MessageChannelMain()
    servePort(core, port1)
    senderFrame.postMessage('port', null, [port2])
  })
}

/** The one place where a sender is judged: a page of ours, and not a frame inside of one. */
function isOurPage(frame: WebFrameMain): boolean {
  return frame.parent === null && isOurs(frame.url)
}
