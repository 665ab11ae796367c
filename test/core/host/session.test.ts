import { expect, test } from 'vitest'
import type { Frame } from '../../../core/contract/wire.ts'
import { decodeFrame, encodeFrame } from '../../../core/contract/wire.ts'
import { openListeners } from '../../../core/host/pushes.ts'
import { openSession } from '../../../core/host/session.ts'

test('a page that takes nothing holds one push of each name, and then gets the newest, over any wire', () => {
  const { listen, push } = openListeners()
  const sent: Frame[] = []
  const session = openSession(
    { answer: async () => null, listen },
    { send: async (bytes) => void sent.push(decodeFrame(bytes)), close: () => undefined },
  )
  const pushed = () => sent.splice(0).map((frame) => (frame.type === 'push' ? frame.push : frame))
  const heard = (name: string) => session.receive(encodeFrame({ type: 'heard', name }))
  for (let time = 1; time <= 1_000; time++) push('sync', { time })
  push('views', { offset: 1, time: 1, alerts: 0 })
  expect(pushed()).toEqual([{ time: 1 }, { offset: 1, time: 1, alerts: 0 }])
  heard('sync')
  expect(pushed()).toEqual([{ time: 1_000 }])
  heard('sync')
  heard('sync')
  heard('no such push')
  expect(pushed()).toEqual([])
  push('sync', { time: 1_001 })
  expect(pushed()).toEqual([{ time: 1_001 }])
  session.close()
})
