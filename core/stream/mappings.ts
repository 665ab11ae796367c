import { FieldError } from '../contract/errors.ts'
import type { Mapping, Offset } from '../contract/model.ts'
import { prepareMapping } from './decode/mapping.ts'
import type { Emit } from './emit.ts'
import type { Plant } from './plant.ts'

/** From the next record on; one that cannot be understood changes nothing. */
export function putMapping(plant: Plant, mapping: Mapping, out: Emit): void {
  if (!isUsable(mapping) || isOutdone(plant, mapping.id, plant.next)) return
  if (mapping.from < plant.next) plant.lacking.push({ offset: plant.next, mapping })
  apply(plant, mapping, false, out)
}

/** Those that count from this record on, though they are put later. */
export function mapAhead(plant: Plant, out: Emit): void {
  for (const { offset, mapping } of plant.ahead) {
    if (mapping.from > plant.next) return
    if (plant.aheadDone.has(offset)) continue
    plant.aheadDone.add(offset)
    if (isUsable(mapping) && !isOutdone(plant, mapping.id, offset + 1)) apply(plant, mapping, true, out)
  }
}

/** A mapping of its name counts here that is put at that record, or later: whatever a person does of it before then. */
function isOutdone(plant: Plant, id: string, from: Offset): boolean {
  return plant.ahead.some(({ offset, mapping }) => mapping.id === id && offset >= from && mapping.from <= plant.next)
}

function apply(plant: Plant, mapping: Mapping, ahead: boolean, out: Emit): void {
  plant.mappings = [...plant.mappings.filter(({ id }) => id !== mapping.id), mapping]
  out.mapping(mapping.id, mapping, ahead)
}

export function dropMapping(plant: Plant, id: string, out: Emit): void {
  if (!plant.mappings.some((each) => each.id === id) || isOutdone(plant, id, plant.next)) return
  plant.mappings = plant.mappings.filter((each) => each.id !== id)
  out.mapping(id, null, false)
}

/** One that the host let through; what a damaged command holds is left alone. */
export function isUsable(mapping: Mapping): boolean {
  if (typeof mapping.id !== 'string' || typeof mapping.topics !== 'string') return false
  if (typeof mapping.from !== 'number') return false
  try {
    prepareMapping(mapping)
    return true
  } catch (error) {
    if (error instanceof FieldError) return false // the host has said so to whoever sent it
    throw error
  }
}
