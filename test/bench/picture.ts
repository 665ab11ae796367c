import type { Seen, Told } from './trace.ts'

const width = 640
const height = 180
const scoreHeight = 50
const columns = 240
const enough = 3

type Span = readonly [from: number, to: number]
type Place = (value: number) => string

/** The series around a span as an SVG: the band behind the values, labelled events below, alerts above, scores at the foot. */
export function picture(
  title: string,
  seen: Seen,
  events: readonly Span[],
  told: readonly Told[],
  about: Span,
): string {
  const [from, to] = around(seen.time, about)
  const first = seen.time.findIndex((time) => time >= from)
  const last = seen.time.findLastIndex((time) => time <= to)
  const x: Place = (time) => fixed(((time - from) / Math.max(1, to - from)) * width)
  const steps = columnsOf(seen, first, last)
  const [low, high] = rangeOf(steps)
  const y: Place = (value) =>
    fixed(height - 8 - ((Math.min(high, Math.max(low, value)) - low) / (high - low)) * (height - 20))
  const scoreY: Place = (score) => fixed(height + scoreHeight - Math.min(1, score / (3 * enough)) * scoreHeight)
  const shapes = [
    ...events.filter(within(from, to)).map((span) => box(span, x, [from, to], 0, height, '#fde68a')),
    ...told
      .filter(({ alert, open, close }) => alert.signal === seen.signal && within(from, to)([open, close]))
      .map(({ open, close }) => box([open, close], x, [from, to], 0, 6, '#dc2626')),
    `<path d="${bandOf(steps, x, y)}" fill="#cbd5e1" opacity="0.6"/>`,
    `<path d="${lineOf(
      steps,
      ({ time, low }) => [x(time), y(low)],
      ({ time, high }) => [x(time), y(high)],
    )}" fill="none" stroke="#1e293b"/>`,
    `<path d="M0 ${scoreY(enough)}H${width}" stroke="#94a3b8" stroke-dasharray="3"/>`,
    `<path d="${steps.map(({ time, score }) => `M${x(time)} ${scoreY(0)}V${scoreY(score)}`).join('')}" stroke="#b45309"/>`,
  ]
  const size = `0 0 ${width} ${height + scoreHeight}`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${size}"><title>${title.replaceAll(/[<>&]/g, ' ')}</title><rect width="100%" height="100%" fill="#fff"/>${shapes.join('')}</svg>\n`
}

/** Twice what it is about on each side, a hundred readings at least. */
function around(times: readonly number[], [from, to]: Span): Span {
  const gap = (times.at(-1)! - times[0]!) / times.length
  const margin = Math.max(2 * (to - from), 100 * gap)
  return [Math.max(times[0]!, from - margin), Math.min(times.at(-1)!, to + margin)]
}

/** Of the readings of one column of the picture: lowest and highest, the newest band, the highest score. */
interface Step {
  readonly time: number
  low: number
  high: number
  bandLow: number
  bandHigh: number
  score: number
}

function columnsOf({ time, value, low, high, score }: Seen, first: number, last: number): readonly Step[] {
  const steps: Step[] = []
  const each = Math.max(1, Math.ceil((last - first + 1) / columns))
  for (let i = first; i <= last; i++) {
    if ((i - first) % each === 0)
      steps.push({ time: time[i]!, low: value[i]!, high: value[i]!, bandLow: low[i]!, bandHigh: high[i]!, score: 0 })
    const step = steps.at(-1)!
    step.low = Math.min(step.low, value[i]!)
    step.high = Math.max(step.high, value[i]!)
    step.score = Math.max(step.score, score[i]!)
  }
  return steps
}

function rangeOf(steps: readonly Step[]): Span {
  const low = Math.min(...steps.map((step) => step.low))
  const high = Math.max(...steps.map((step) => step.high))
  return high > low ? [low, high] : [low - 1, low + 1]
}

function lineOf(steps: readonly Step[], ...ends: ((step: Step) => readonly [string, string])[]): string {
  return `M${steps.flatMap((step) => ends.map((end) => end(step).join(' '))).join('L')}`
}

function bandOf(steps: readonly Step[], x: Place, y: Place): string {
  const known = steps.filter(({ bandLow }) => !Number.isNaN(bandLow))
  if (known.length === 0) return ''
  const upper = lineOf(known, ({ time, bandHigh }) => [x(time), y(bandHigh)])
  const lower = lineOf(known.toReversed(), ({ time, bandLow }) => [x(time), y(bandLow)])
  return `${upper}L${lower.slice(1)}Z`
}

function box([from, to]: Span, x: Place, [left, right]: Span, top: number, tall: number, fill: string): string {
  const begin = Math.max(from, left)
  const end = Math.min(to, right)
  const wide = Math.max(2, Number(x(end)) - Number(x(begin)))
  return `<rect x="${x(begin)}" y="${top}" width="${fixed(wide)}" height="${tall}" fill="${fill}"/>`
}

function within(from: number, to: number) {
  return ([begin, end]: Span): boolean => end >= from && begin <= to
}

function fixed(value: number): string {
  return String(Math.round(value))
}
