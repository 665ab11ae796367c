import type { Detector } from './detector.ts'

/** Records that a destination never gets. */
export const givenUp: Detector = {
  id: 'given-up',
  version: 1,
  looksFor: 'records given up',
  about: 'source',
  doc: 'Opens when log files had to go, for room, that a Kafka destination lacked.',
  params: [],
  clearReadings: 1,
}
