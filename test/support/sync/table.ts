import type { Result } from './plant.ts'

/** One line a fault, as it is printed at the end of a run. */
export function tableOf(results: readonly Result[]) {
  return [...Map.groupBy(results, ({ fault }) => fault)].map(([fault, rounds]) => {
    const sum = (of: (round: Result) => number) => rounds.reduce((total, round) => total + of(round), 0)
    return {
      fault,
      rounds: rounds.length,
      records: sum(({ records }) => records),
      missing: sum(({ missing }) => missing),
      doubled: sum(({ doubled }) => doubled),
      'out of order': sum(({ outOfOrder }) => outOfOrder),
      'extra aborted': sum(({ extra }) => extra),
      marked: sum(({ marked }) => marked),
      wrong: sum(({ wrong }) => wrong.length),
    }
  })
}
