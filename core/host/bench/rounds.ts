/**
 * Runs every subject once a round, each round beginning with another one, so that what else the machine does falls on
 * all of them. Round 0 warms up and counts for nothing. Answers the figures of each subject, one a round.
 */
export async function alternate<S extends string, F>(
  subjects: readonly S[],
  rounds: number,
  run: (subject: S, round: number) => Promise<F> | F,
): Promise<Readonly<Record<S, readonly F[]>>> {
  const figures = Object.fromEntries(subjects.map((subject) => [subject, [] as F[]])) as Record<S, F[]>
  for (let round = 0; round <= rounds; round++)
    for (let turn = 0; turn < subjects.length; turn++) {
      const subject = subjects[(round + turn) % subjects.length]!
      const figure = await run(subject, round)
      if (round > 0) figures[subject].push(figure)
    }
  return figures
}

/** The ratio of one figure to another in each round. */
export function ratios<A, B>(
  above: readonly A[],
  below: readonly B[],
  ofAbove: (figure: A) => number,
  ofBelow: (figure: B) => number,
): readonly number[] {
  return above.map((figure, round) => ofAbove(figure) / ofBelow(below[round]!))
}

/** Of the line through samples that are one apart; 0 for a single one. */
export function slope(samples: readonly number[]): number {
  const middle = (samples.length - 1) / 2
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length
  let above = 0
  let below = 0
  samples.forEach((sample, i) => {
    above += (i - middle) * (sample - mean)
    below += (i - middle) ** 2
  })
  return below === 0 ? 0 : above / below
}

/** Of the line through the samples, from its first to its last, as a share of their mean. */
export function growth(samples: readonly number[]): number {
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length
  return (slope(samples) * (samples.length - 1)) / mean
}
