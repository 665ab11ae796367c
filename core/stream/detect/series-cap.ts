import type { Rule } from '../../contract/model.ts'
import { type Detector, param } from './detector.ts'

/** More signals than the program can watch. */
export const seriesCap: Detector = {
  id: 'series-cap',
  version: 1,
  looksFor: 'too many series',
  about: 'source',
  doc: 'Opens when there are more series than the program watches; what comes of others is kept in the log and not read.',
  params: [
    {
      name: 'most',
      label: 'Most series',
      least: 1,
      most: 1_000_000,
      default: 50_000,
      unit: 'series',
      doc: 'Each takes about 10 kB of memory.',
    },
  ],
  clearReadings: 1,
}

/** The newest rule says it, also one that is switched off: then nobody is told of what is left out. */
export function mostSeries(rules: readonly Rule[]): number {
  const rule = rules.findLast(({ detector }) => detector === seriesCap.id)
  return Math.floor(param(seriesCap, rule?.params ?? {}, 'most'))
}
