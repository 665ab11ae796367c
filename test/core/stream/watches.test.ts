import { expect, test } from 'vitest'
import type { SeriesType } from '../../../core/contract/model.ts'
import { judgeAll, ownWatches } from '../../../core/stream/alerts.ts'
import { silentEmit } from '../../../core/stream/emit.ts'
import { createPlant, type Plant, putSeries } from '../../../core/stream/plant.ts'
import { defaultRules } from '../../../core/stream/rules.ts'
import type { SeriesState } from '../../../core/stream/series.ts'

// A series at which only the usual watches look, and of which they hold nothing, is read without a look at any of its objects.

test('numbers share the usual watches, also where a text at which nothing looks came before them', () => {
  const plant = plantWithRules()
  const [text, one, two] = (['text', 'number', 'number'] as const).map((type) => addSeries(plant, type))
  expect(text!.watches).toEqual([])
  expect(one!.watches).toBe(two!.watches)
  expect(calm(plant)).toEqual([0, 1, 1])
})

test('one whose watches hold something has its own until they hold nothing any more', () => {
  const plant = plantWithRules()
  const [state, other] = [addSeries(plant, 'number'), addSeries(plant, 'number')]
  const [watch] = ownWatches(plant, state)
  watch!.latest = 'rule:device:7'
  judgeAll(plant, state, silentEmit)
  expect([state.own, calm(plant)]).toEqual([true, [0, 1]])
  watch!.latest = null
  judgeAll(plant, state, silentEmit)
  expect([state.own, calm(plant)]).toEqual([false, [1, 1]])
  expect(state.watches).toBe(other.watches)
})

function plantWithRules(): Plant {
  const plant = createPlant()
  plant.rules.push(...defaultRules)
  return plant
}

function addSeries(plant: Plant, type: SeriesType): SeriesState {
  const id = plant.series.length
  return putSeries(plant, { id, device: 'pump', signal: `s${id}`, unit: null, type, first: 0, since: 0 }, 0, null)
}

function calm({ heads, series }: Plant): readonly number[] {
  return [...heads.calm.subarray(0, series.length)]
}
