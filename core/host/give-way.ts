import { getPriority, setPriority } from 'node:os'

/**
 * The thread that calls this lets the others of the machine go first when there is not enough of it for all. Linux
 * counts threads here; elsewhere it would be the whole program, so there nothing is done.
 */
export function giveWay(): void {
  if (process.platform === 'linux') setPriority(Math.min(19, getPriority() + 5))
}
