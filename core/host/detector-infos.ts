import type { DetectorInfo } from '../contract/calls.ts'
import type { Detector } from '../stream/detect/detector.ts'
import { detectors } from '../stream/detect/registry.ts'

/** Every detector, as a form for its rules is drawn. */
export const detectorInfos: readonly DetectorInfo[] = Array.from(detectors.values(), infoOf)

function infoOf({ id, looksFor, doc, about, uses = [], params }: Detector): DetectorInfo {
  return {
    id,
    looksFor,
    doc,
    about: about ?? 'signal',
    uses,
    params: params.map(({ least = null, most = null, ...param }) => ({
      ...param,
      least,
      most,
      default: Number.isFinite(param.default) ? param.default : null, // a side without a limit, which JSON has no number for
    })),
  }
}
