import type { Evidence } from '../contract/model.ts'
import { headOf, lastOffset, newest } from './heads.ts'
import type { DeviceState, Plant } from './plant.ts'
import { seriesKey } from './series.ts'

/** That a death was announced: of a Sparkplug device, or of the edge node that it hangs on. */
export interface Death {
  readonly words: string
  readonly evidence: Evidence
}

/** Null: nobody said that it went. */
export function announcedDeath(plant: Plant, { name }: DeviceState): Death | null {
  return deathOf(plant, name, 'its death') ?? deathOf(plant, above(name), `the death of its edge node ${above(name)}`)
}

function deathOf(plant: Plant, device: string, what: string): Death | null {
  const online = plant.series[plant.seriesOf.get(seriesKey(device, 'online', 'boolean')) ?? -1]
  if (online === undefined || online.text !== 'false') return null
  const head = headOf(plant.heads, online.series.id)
  return {
    words: `${what} was announced`,
    evidence: { offset: head[lastOffset]!, time: head[newest]!, value: 0, signal: 'online' },
  }
}

/** The topic above a device; empty: there is none. */
export function above(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')))
}
