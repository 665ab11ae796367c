import type { Millis, Rule } from '../../contract/model.ts'
import { type Detector, param } from './detector.ts'

/** A broker connection that is lost and does not come back. */
export const link: Detector = {
  id: 'link',
  version: 1,
  looksFor: 'a lost connection',
  about: 'source',
  doc: 'Opens when a broker connection stays lost. One alert in place of one for each of its devices.',
  params: [{ name: 'afterMs', label: 'After', least: 0, default: 30_000, unit: 'ms', doc: 'How long it may be lost.' }],
  clearReadings: 1,
}

export function afterMs(rule: Rule): Millis {
  return param(link, rule.params, 'afterMs')
}
