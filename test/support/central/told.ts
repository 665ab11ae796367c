/** What a reader made of a topic, or the log itself. */
export interface Told {
  /** Readings, each once. */
  readonly once: number
  readonly series: readonly SeriesTold[]
}

export interface SeriesTold {
  readonly device: string
  readonly metric: string
  readonly n: number
  readonly mean: number
}

/** Counts readings, and averages those that are numbers. */
export class Telling {
  once = 0
  private readonly found = new Map<string, { device: string; metric: string; n: number; sum: number }>()

  add(device: string, metric: string, num: number | null): void {
    this.once += 1
    if (num === null) return
    const key = `${device}/${metric}`
    const one = this.found.get(key) ?? { device, metric, n: 0, sum: 0 }
    this.found.set(key, { ...one, n: one.n + 1, sum: one.sum + num })
  }

  told(): Told {
    return {
      once: this.once,
      series: [...this.found.values()].map(({ sum, ...one }) => ({ ...one, mean: sum / one.n })),
    }
  }
}

/** Where they differ; sums are added in another order, so means may differ in their last digits. */
export function faultsIn(told: Told, log: Told): string[] {
  const faults = told.once === log.once ? [] : [`${told.once} readings, the log has ${log.once}`]
  const found = new Map(told.series.map((one) => [`${one.device}/${one.metric}`, one]))
  if (found.size !== log.series.length) faults.push(`${found.size} series, the log has ${log.series.length}`)
  for (const { device, metric, n, mean } of log.series) {
    const one = found.get(`${device}/${metric}`)
    if (one === undefined || one.n !== n || !isNear(one.mean, mean))
      faults.push(`${device}/${metric}: ${one?.n} with mean ${one?.mean}, the log has ${n} with ${mean}`)
  }
  return faults
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b))
}
