import type { Topic } from '../contract/model.ts'
import { opened, returned } from './alerts.ts'
import { mostSeries } from './detect/series-cap.ts'
import type { Emit } from './emit.ts'
import { explainFull } from './explain.ts'
import type { Plant } from './plant.ts'
import { ruleFor } from './rules.ts'
import { thousands } from './thousands.ts'

/** A series is left out, because the plant holds as many as it may: one alert, however many are. */
export function leaveOut(plant: Plant, device: string, signal: string, topic: Topic, out: Emit): void {
  if (plant.full !== null) return
  const rule = ruleFor(plant.rules, 'series-cap', topic.source)
  if (rule === null) return
  plant.full = opened(plant, rule, topic.source, out, {
    title: `More than ${thousands(mostSeries(plant.rules))} series: new ones are not watched`,
    device: topic.source,
    series: null,
    signal: null,
    unit: null,
    priority: rule.priority,
    since: plant.time,
    historical: false,
    explanation: explainFull(plant, device, signal),
    together: null,
    time: plant.time,
  })
}

/** There is room again. */
export function endFull(plant: Plant, why: string | null, out: Emit): void {
  if (plant.full === null) return
  returned(plant, plant.full, plant.time, plant.time, why, out)
  plant.full = null
}
