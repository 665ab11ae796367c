import type { Detector } from './detector.ts'

/** More signals than the program can watch. */
export const seriesCap: Detector = {
  id: 'series-cap',
  version: 1,
  doc: 'Opens when there are more series than the program watches; what comes of others is kept in the log and not read.',
  params: [],
  clearReadings: 1,
}
