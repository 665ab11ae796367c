import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { WebSocket } from 'ws'
import { replaceFile } from '../config/file.ts'
import type { Calls } from '../contract/calls.ts'
import { FieldError, fromErrorData } from '../contract/errors.ts'
import { decodeFrame, encodeFrame } from '../contract/wire.ts'

// How a command of the line reaches the program that runs on the same data: over the API of its page, with a session that
// only this user can read and that ends with the program.

interface Door {
  /** http://127.0.0.1:N */
  readonly origin: string
  readonly session: string
}

/** Answers what shuts it again. */
export function openDoor(file: string, link: string, session: string): () => void {
  const door: Door = { origin: new URL(link).origin, session }
  replaceFile(file, JSON.stringify(door), 0o600)
  return () => rmSync(file, { force: true })
}

/** Does them one after the other. Throws what the program says; null when nobody opens. */
export async function throughDoor(file: string, commands: readonly Calls['command']['in'][]): Promise<true | null> {
  const socket = await knock(file)
  if (socket === null) return null
  try {
    for (const [id, input] of commands.entries()) {
      const answered = answerTo(socket, id)
      socket.send(encodeFrame({ type: 'call', id, name: 'command', input }))
      await answered
    }
  } finally {
    socket.terminate()
  }
  return true
}

/** The link of the page that is open now, or null when nobody opens. */
export async function linkThroughDoor(file: string): Promise<string | null> {
  const door = readDoor(file)
  if (door === null) return null
  const answer = await fetch(`${door.origin}/link`, { headers: { cookie: cookieOf(door) } }).catch(() => null)
  return answer?.ok ? (await answer.text()).trim() : null // a program that was killed may have left its port to another
}

async function knock(file: string): Promise<WebSocket | null> {
  const door = readDoor(file)
  if (door === null) return null
  const { origin } = door
  const headers = { cookie: cookieOf(door), origin }
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/api`, { headers })
  try {
    await once(socket, 'open')
    return socket
  } catch {
    return null // what is written there is of a program that was killed
  }
}

function cookieOf({ origin, session }: Door): string {
  return `fieldwatch-${new URL(origin).port}=${session}`
}

function readDoor(file: string): Door | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Door // written by openDoor
  } catch {
    return null
  }
}

function answerTo(socket: WebSocket, id: number): Promise<void> {
  const answered = Promise.withResolvers<void>()
  const hear = (data: Buffer): void => {
    const frame = decodeFrame(data)
    if (frame.type === 'answer' && frame.id === id) answered.resolve()
    if (frame.type === 'error' && frame.id === id) answered.reject(fromErrorData(frame.error))
  }
  socket.on('message', hear)
  socket.once('close', () => answered.reject(new FieldError('stopped', 'the program ended before it answered')))
  return answered.promise.finally(() => socket.off('message', hear))
}
