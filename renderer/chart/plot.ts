import UPlot from 'uplot'
import type { At, Columns } from '../../core/contract/calls.ts'
import type { Millis, Priority } from '../../core/contract/model.ts'
import { inks } from '../theme/inks.ts'
import { onTheme } from '../theme/theme.ts'
import type { Clock } from '../words/time.ts'
import { drawOver, drawUnder, type Interval, type Mark, outsideInk, type Paper } from './draw.ts'
import { timeLabel, timeTicks, valueLabels, valueTicks } from './ticks.ts'

/** Everything that a chart shows. */
export interface Picture {
  readonly columns: Columns
  readonly from: Millis
  readonly until: Millis
  /** Of the alert that the outside part belongs to; null draws it as the rest. */
  readonly priority: Priority | null
  readonly intervals: readonly Interval[]
  readonly marks: readonly Mark[]
  /** Write times under the plot. */
  readonly axis: boolean
  readonly clock: Clock
}

export interface PlotEvents {
  /** The pointer is at this instant and this point; null: it left. */
  hover(at: At): void
  /** A range was drawn with the pointer. */
  select(from: Millis, until: Millis): void
}

/** A drawn chart. `end` takes it away. */
export interface Plot {
  show(picture: Picture): void
  resize(width: number, height: number): void
  /** Puts the hover line at an instant. */
  point(at: At): void
  end(): void
}

/** The least width of the strip at the left where values are written. */
export const axisWidth = 46

/** Draws columns into `element`, which must have a width. */
export function createPlot(element: HTMLElement, first: Picture, on: PlotEvents): Plot {
  let picture = first
  let silent = false
  const plot = new UPlot(
    options(
      element,
      () => picture,
      on,
      () => silent,
    ),
    dataOf(first),
    element,
  )
  const redraw = () => plot.redraw(false, true)
  const offTheme = onTheme(redraw)
  void document.fonts.ready.then(redraw)
  return {
    show(next) {
      picture = next
      plot.setData(dataOf(next), true)
    },
    resize: (width, height) => plot.setSize({ width, height }),
    point(at) {
      silent = true
      const left = at === null || at < picture.from || at > picture.until ? -10 : plot.valToPos(at, 'x')
      plot.setCursor({ left, top: at === null ? -10 : 1 })
      silent = false
    },
    end() {
      offTheme()
      plot.destroy()
    },
  }
}

function dataOf({ columns }: Picture): UPlot.AlignedData {
  return [columns.time, columns.mean]
}

function options(element: HTMLElement, picture: () => Picture, on: PlotEvents, silent: () => boolean): UPlot.Options {
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    ms: 1,
    legend: { show: false },
    padding: [8, 2, picture().axis ? 0 : 6, 0],
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 8 } },
    scales: {
      x: { time: false, range: () => [picture().from, picture().until] },
      y: { range: () => valueRange(picture().columns) },
    },
    axes: [timeAxis(picture), valueAxis()],
    series: [{}, { paths: () => null, points: { show: false } }],
    hooks: {
      drawClear: [
        (plot) =>
          apart(plot, () => drawUnder(paperOf(plot), picture().columns, picture().intervals, outsideOf(picture()))),
      ],
      draw: [
        (plot) => apart(plot, () => drawOver(paperOf(plot), picture().columns, picture().marks, outsideOf(picture()))),
      ],
      setCursor: [(plot) => silent() || on.hover(instantAt(plot))],
      setSelect: [(plot) => selected(plot, on)],
    },
  }
}

/** uPlot remembers what it last told the canvas, so what we tell it must be undone. */
function apart(plot: UPlot, draw: () => void): void {
  plot.ctx.save()
  draw()
  plot.ctx.restore()
}

function outsideOf(picture: Picture): string | null {
  return outsideInk(inks(), picture.priority)
}

function instantAt(plot: UPlot): At {
  const left = plot.cursor.left ?? -1
  return left < 0 ? null : plot.posToVal(left, 'x')
}

function selected(plot: UPlot, on: PlotEvents): void {
  const { left, width } = plot.select
  if (width < 8) return
  on.select(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'))
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
}

function paperOf(plot: UPlot): Paper {
  return {
    ctx: plot.ctx,
    left: plot.bbox.left,
    top: plot.bbox.top,
    width: plot.bbox.width,
    height: plot.bbox.height,
    ratio: UPlot.pxRatio,
    x: (time) => plot.valToPos(time, 'x', true),
    y: (value) => plot.valToPos(value, 'y', true),
    inks: inks(),
  }
}

/** Holds the readings and the band, with a little room above and below. */
function valueRange({ mean, min, max, low, high }: Columns): [number, number] {
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  for (const column of [mean, min, max, low, high]) {
    for (const value of column) {
      if (!Number.isFinite(value)) continue // a mean of the largest numbers may be none
      if (value < least) least = value
      if (value > most) most = value
    }
  }
  if (least > most) return [0, 1]
  const flat = most - least <= Math.abs(most) * 1e-9 // what differs is how its sum was rounded
  const room = flat ? Math.abs(most) * 0.05 || 1 : (most - least) * 0.06
  const [from, to] = [least - room, most + room]
  return Number.isFinite(to - from) ? [from, to] : [-Number.MAX_VALUE / 2, Number.MAX_VALUE / 2] // a span must be a number
}

const font = '11px "Inter Variable", system-ui, sans-serif'

function timeAxis(picture: () => Picture): UPlot.Axis {
  return {
    show: picture().axis,
    font,
    size: 24,
    gap: 4,
    stroke: () => inks()['ink-3'],
    grid: { show: false },
    ticks: { show: false },
    splits: (plot) => wholeTicks(picture(), plot.width),
    values: (_, splits) => splits.map((at) => timeLabel(at, (splits[1] ?? at) - splits[0]!, picture().clock)),
  }
}

const halfLabel = 20

/** The ticks whose labels end before the right edge of the canvas. */
function wholeTicks({ from, until, clock }: Picture, width: number): number[] {
  const last = until - (halfLabel / (width - axisWidth)) * (until - from)
  return timeTicks(from, until, Math.max(2, Math.floor(width / 130)), clock).filter((at) => at <= last)
}

/** A settled colour, "rgb(r, g, b)", at less than half its strength; a canvas takes no color-mix. */
function faint(ink: string): string {
  return ink.replace('rgb(', 'rgba(').replace(')', ', 0.45)')
}

function valueAxis(): UPlot.Axis {
  return {
    font,
    size: axisWidth,
    gap: 8,
    stroke: () => inks()['ink-3'],
    grid: { stroke: () => faint(inks()['band-edge']), width: 1 },
    ticks: { show: false },
    splits: (plot, _axis, low, high) => valueTicks(low, high, Math.min(5, Math.max(3, Math.floor(plot.height / 55)))),
    values: (_, splits) => valueLabels(splits),
  }
}
