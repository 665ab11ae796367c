/** What is promised about a figure that was measured once a round. */
export interface Claim {
  readonly claim: string
  /** Of one round each, in order. */
  readonly values: readonly number[]
  /** Null: shown, and nothing is promised. */
  readonly goal: Goal | null
  /** Absent: a ratio of two figures of the same round. */
  readonly unit?: string
}

export type Goal = { readonly atLeast: number } | { readonly atMost: number }

interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

/** The middle value, and of an even number the lower of the two. */
function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  return { min: sorted[0]!, median: sorted[(sorted.length - 1) >> 1]!, max: sorted.at(-1)! }
}

/** By the median; true where nothing is promised. */
export function isReached({ values, goal }: Claim): boolean {
  if (goal === null) return true
  const { median } = spreadOf(values)
  return 'atLeast' in goal ? median >= goal.atLeast : median <= goal.atMost
}

export function tableHead(): string {
  return `${'claim'.padEnd(claimWidth)} ${['median', 'min', 'max', 'goal', 'rounds'].map(cell).join(' ')}`
}

const claimWidth = 76

export function jsonLine(claim: Claim): string {
  const spread = spreadOf(claim.values)
  return JSON.stringify({
    claim: claim.claim,
    ratio: claim.unit === undefined ? spread.median : null,
    goal: goalText(claim.goal),
    ...spread,
    rounds: claim.values.length,
    unit: claim.unit ?? null,
    reached: claim.goal === null ? null : isReached(claim),
  })
}

export function tableRow(claim: Claim): string {
  const { min, median, max } = spreadOf(claim.values)
  const name = claim.unit === undefined ? claim.claim : `${claim.claim}, ${claim.unit}`
  const cells = [figure(median), figure(min), figure(max), goalText(claim.goal), String(claim.values.length)]
  return `${name.padEnd(claimWidth)} ${cells.map(cell).join(' ')}${isReached(claim) ? '' : '  not reached'}`
}

function cell(text: string): string {
  return text.padStart(9)
}

function goalText(goal: Goal | null): string {
  if (goal === null) return '-'
  return 'atLeast' in goal ? `>= ${goal.atLeast}` : `<= ${goal.atMost}`
}

function figure(value: number): string {
  const size = Math.abs(value)
  return size >= 1_000 ? String(Math.round(value)) : value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)
}
