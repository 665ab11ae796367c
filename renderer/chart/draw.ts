import type { Columns } from '../../core/contract/calls.ts'
import type { Millis, Priority } from '../../core/contract/model.ts'
import type { Inks } from '../theme/inks.ts'

/** Where the plot lies on the canvas, in canvas pixels, and how values become places. */
export interface Paper {
  readonly ctx: CanvasRenderingContext2D
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  /** Canvas pixels for one pixel of the page. */
  readonly ratio: number
  readonly x: (time: Millis) => number
  readonly y: (value: number) => number
  readonly inks: Inks
}

export interface Interval {
  readonly from: Millis
  /** Null: still open. */
  readonly until: Millis | null
  readonly priority: Priority
}

export interface Mark {
  readonly at: Millis
  readonly label: string
}

/** The colour of the outside part for a priority; null where nothing says that it matters. */
export function outsideInk(inks: Inks, priority: Priority | null): string | null {
  return priority === null ? null : inks[`p${priority}`]
}

/** Alert intervals, the band, gaps and the spread of the readings: all that lies under the line. */
export function drawUnder(
  paper: Paper,
  columns: Columns,
  intervals: readonly Interval[],
  outside: string | null,
): void {
  for (const interval of intervals) drawInterval(paper, interval)
  drawBand(paper, columns)
  drawGaps(paper, columns)
  drawSpread(paper, columns, outside)
}

/** The line, its part outside the band, and the marks. */
export function drawOver(paper: Paper, columns: Columns, marks: readonly Mark[], outside: string | null): void {
  stroke(paper, paper.inks.series, 1.5, [], linePath(paper, columns.time, columns.mean))
  if (outside !== null) {
    stroke(paper, outside, 2.2, [], outsidePath(paper, columns))
    drawLast(paper, columns, outside)
  }
  for (const mark of marks) drawMark(paper, mark)
}

function drawInterval(paper: Paper, interval: Interval): void {
  const from = Math.max(paper.left, paper.x(interval.from))
  const until =
    interval.until === null ? paper.left + paper.width : Math.min(paper.left + paper.width, paper.x(interval.until))
  if (until <= from) return
  paper.ctx.fillStyle = { 1: paper.inks['p1-area'], 2: paper.inks['p2-bg'], 3: paper.inks['p3-bg'] }[interval.priority]
  paper.ctx.fillRect(from, paper.top, until - from, paper.height)
}

function drawBand(paper: Paper, { time, low, high }: Columns): void {
  for (const [from, to] of runs(low)) {
    const area = new Path2D()
    for (let i = from; i < to; i++) area.lineTo(paper.x(time[i]!), paper.y(high[i]!))
    for (let i = to - 1; i >= from; i--) area.lineTo(paper.x(time[i]!), paper.y(low[i]!))
    area.closePath()
    paper.ctx.fillStyle = paper.inks.band
    paper.ctx.fill(area)
  }
  for (const edge of [low, high]) stroke(paper, paper.inks['band-edge'], 0.75, [], linePath(paper, time, edge))
}

function drawGaps(paper: Paper, { time, mean }: Columns): void {
  const whole = runs(mean)
  for (let i = 1; i < whole.length; i++)
    hatch(paper, paper.x(time[whole[i - 1]![1] - 1]!), paper.x(time[whole[i]![0]]!))
}

function hatch(paper: Paper, from: number, to: number): void {
  const { ctx, ratio } = paper
  ctx.save()
  ctx.beginPath()
  ctx.rect(from, paper.top, to - from, paper.height)
  ctx.clip()
  const lines = new Path2D()
  for (let x = from - paper.height; x < to; x += 6 * ratio) {
    lines.moveTo(x, paper.top + paper.height)
    lines.lineTo(x + paper.height, paper.top)
  }
  ctx.globalAlpha = 0.5
  stroke(paper, paper.inks['band-edge'], 1, [], lines)
  ctx.restore()
}

/** Least and greatest reading of each point, so that a spike of one sample shows at any zoom. */
function drawSpread(paper: Paper, columns: Columns, outside: string | null): void {
  const inside = new Path2D()
  const out = new Path2D()
  const least = paper.ratio * 1.5
  for (let i = 0; i < columns.time.length; i++) {
    const top = paper.y(columns.max[i]!)
    const bottom = paper.y(columns.min[i]!)
    if (!(bottom - top > least)) continue
    const path = leaves(columns, i) ? out : inside
    const x = paper.x(columns.time[i]!)
    path.moveTo(x, top)
    path.lineTo(x, bottom)
  }
  paper.ctx.globalAlpha = 0.3
  stroke(paper, paper.inks.series, 1, [], inside)
  paper.ctx.globalAlpha = outside === null ? 0.5 : 0.8
  stroke(paper, outside ?? paper.inks.series, 1, [], out)
  paper.ctx.globalAlpha = 1
}

function leaves({ min, max, low, high }: Columns, i: number): boolean {
  return min[i]! < low[i]! || max[i]! > high[i]!
}

function drawLast(paper: Paper, columns: Columns, ink: string): void {
  const last = columns.mean.length - 1
  const value = columns.mean[last]
  if (value === undefined || !isOutside(columns, last)) return
  const { ctx, ratio } = paper
  ctx.beginPath()
  ctx.arc(paper.x(columns.time[last]!), paper.y(value), 3.4 * ratio, 0, Math.PI * 2)
  ctx.fillStyle = ink
  ctx.fill()
  ctx.strokeStyle = paper.inks.surface
  ctx.lineWidth = 1.5 * ratio
  ctx.stroke()
}

function drawMark(paper: Paper, mark: Mark): void {
  const { ctx, ratio } = paper
  const x = paper.x(mark.at)
  if (x < paper.left || x > paper.left + paper.width) return
  const line = new Path2D()
  line.moveTo(x, paper.top)
  line.lineTo(x, paper.top + paper.height)
  stroke(paper, paper.inks['ink-2'], 1, [3, 3], line)
  const right = x < paper.left + paper.width / 3
  ctx.font = `500 ${11 * ratio}px "Inter Variable", system-ui, sans-serif`
  ctx.fillStyle = paper.inks['ink-2']
  ctx.textAlign = right ? 'left' : 'right'
  ctx.textBaseline = 'top'
  ctx.fillText(mark.label, x + (right ? 6 : -6) * ratio, paper.top + 2 * ratio)
}

function outsidePath(paper: Paper, columns: Columns): Path2D {
  const path = new Path2D()
  for (let i = 0; i < columns.time.length; i++) {
    if (!isOutside(columns, i)) continue
    if (i === 0 || !isOutside(columns, i - 1)) startOutside(path, paper, columns, i)
    path.lineTo(paper.x(columns.time[i]!), paper.y(columns.mean[i]!))
  }
  return path
}

/** The outside part begins at the last point inside, so that it joins the line. */
function startOutside(path: Path2D, paper: Paper, { time, mean }: Columns, i: number): void {
  const from = i > 0 && !Number.isNaN(mean[i - 1]!) ? i - 1 : i
  path.moveTo(paper.x(time[from]!), paper.y(mean[from]!))
}

function isOutside({ mean, low, high }: Columns, i: number): boolean {
  return mean[i]! < low[i]! || mean[i]! > high[i]!
}

function linePath(paper: Paper, time: Float64Array, values: Float64Array): Path2D {
  const path = new Path2D()
  for (const [from, to] of runs(values)) {
    path.moveTo(paper.x(time[from]!), paper.y(values[from]!))
    for (let i = from; i < to; i++) path.lineTo(paper.x(time[i]!), paper.y(values[i]!))
  }
  return path
}

/** Stretches without NaN, as [from, to). */
export function runs(values: Float64Array): [number, number][] {
  const found: [number, number][] = []
  let from = -1
  for (let i = 0; i <= values.length; i++) {
    const whole = i < values.length && !Number.isNaN(values[i]!)
    if (whole && from < 0) from = i
    if (whole || from < 0) continue
    found.push([from, i])
    from = -1
  }
  return found
}

function stroke(paper: Paper, ink: string, width: number, dash: readonly number[], path: Path2D): void {
  const { ctx, ratio } = paper
  ctx.strokeStyle = ink
  ctx.lineWidth = width * ratio
  ctx.lineJoin = 'round'
  ctx.lineCap = 'round'
  ctx.setLineDash(dash.map((length) => length * ratio))
  ctx.stroke(path)
  ctx.setLineDash([])
}
