import type { Block } from '../contract/block.ts'
import type { Mapping } from '../contract/model.ts'
import type { Form } from './decode/shape.ts'

// What is kept of the topics of a block's table, by their number there. Most topics send messages of one form, all of
// whose values are numbers, of series that follow each other, of one device: that is a lane, five small numbers side by
// side, so that such a message is read without a look at anything else that is known of its topic.

/** One more than the index of its source; 0: nothing is known of the topic yet. */
export const laneSource = 0
/** One more than the index of its form; 0: its messages are read in another way. */
export const laneForm = 1
/** Of the first value. */
export const laneSeries = 2
export const laneDevice = 3
/** How many values; 0 as long as the form is. */
export const laneValues = 4
export const laneLength = 5

export interface Lanes {
  readonly topics: Block['topics']
  /** A lane holds while these do. */
  readonly mappings: readonly Mapping[]
  numbers: Int32Array
  readonly forms: Form[]
}

export function createLanes(topics: Block['topics'], mappings: readonly Mapping[]): Lanes {
  return { topics, mappings, numbers: new Int32Array(topics.length * laneLength), forms: [] }
}

/** Where the lane of a topic begins. */
export function laneAt(lanes: Lanes, topic: number): number {
  const at = topic * laneLength
  if (at >= lanes.numbers.length) grow(lanes)
  return at
}

/** The table of topics has grown at its end. */
function grow(lanes: Lanes): void {
  const numbers = new Int32Array(2 * lanes.topics.length * laneLength)
  numbers.set(lanes.numbers)
  lanes.numbers = numbers
}

/** Messages of this form hold values of `series` and those that follow it. */
export function openLane(lanes: Lanes, at: number, form: Form, series: number, device: number, values: number): void {
  const { forms, numbers } = lanes
  let index = forms.indexOf(form)
  if (index < 0 && forms.length === mostForms) return
  if (index < 0) index = forms.push(form) - 1
  numbers[at + laneForm] = index + 1
  numbers[at + laneSeries] = series
  numbers[at + laneDevice] = device
  numbers[at + laneValues] = values
}

const mostForms = 1_000
