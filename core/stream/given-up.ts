import { change, opened, returned } from './alerts.ts'
import type { Emit } from './emit.ts'
import { explainGivenUp } from './explain.ts'
import type { Plant } from './plant.ts'
import { ruleFor } from './rules.ts'

/** Records left the log before a destination had them: one alert of it, which stays until somebody has seen it. */
export function sayGivenUp(plant: Plant, bytes: Uint8Array, words: string | null, out: Emit): void {
  const destination = destinationIn(bytes)
  const rule = destination === null ? null : ruleFor(plant.rules, 'given-up', destination)
  if (destination === null || rule === null) return
  const unseen = [...plant.alerts.values()].find(
    ({ detector, device, acknowledged }) => detector === 'given-up' && device === destination && acknowledged === null,
  )
  if (unseen !== undefined) change(plant, unseen, 'revised', plant.time, null, words, out)
  else open(plant, rule, destination, words, out)
}

function open(
  plant: Plant,
  rule: NonNullable<ReturnType<typeof ruleFor>>,
  destination: string,
  words: string | null,
  out: Emit,
): void {
  const { time } = plant
  const id = opened(plant, rule, destination, out, {
    title: `Records given up before they were sent to ${destination}`,
    device: destination,
    series: null,
    signal: null,
    unit: null,
    priority: rule.priority,
    since: time,
    historical: false,
    explanation: explainGivenUp(plant, words),
    together: null,
    time,
  })
  returned(plant, id, time, time, null, out)
}

function destinationIn(bytes: Uint8Array): string | null {
  try {
    const said = JSON.parse(new TextDecoder().decode(bytes)) as { readonly destination?: unknown } | null
    return typeof said?.destination === 'string' ? said.destination : null
  } catch {
    return null
  }
}
