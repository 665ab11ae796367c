import type { Claim } from './claim.ts'

export interface BenchOptions {
  /** On the disk that is measured; whoever made it removes it. */
  readonly dir: string
  readonly rounds: number
  /** Messages of one run; a run of something slow has fewer. */
  readonly messages: number
  /** Also what takes long. */
  readonly long: boolean
  /** Ends it between two runs, with everything removed that was made. */
  readonly signal: AbortSignal
  readonly tell: (claims: readonly Claim[]) => void
  readonly progress: (text: string) => void
}

/** What `--only` names, in the order in which it is run. */
export type Parts = Readonly<Record<string, (how: BenchOptions) => Promise<void>>>
