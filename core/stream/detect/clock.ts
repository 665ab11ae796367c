import type { Detector } from './detector.ts'

/** A device whose clock is wrong: what it says is corrected, and a person is told. */
export const clock: Detector = {
  id: 'clock',
  version: 1,
  looksFor: 'a wrong clock',
  about: 'device',
  doc: 'Opens when the clock of a device is wrong by more than two minutes, always by the same; its readings are corrected.',
  params: [],
  clearReadings: 1,
}
