import type { Millis } from '../contract/model.ts'

const first = 4 * 1024 * 1024
/** A quota may let through no more in ten seconds. */
const least = 16 * 1024
const most = 16 * 1024 * 1024
const shortMs: Millis = 500
const longMs: Millis = 3_000

/**
 * How much goes in one transaction while we are behind. Each costs some tens of milliseconds whatever is in it, so fast
 * lines take more; slow ones less, so that none is open for as long as a cluster lets it.
 */
export class Reach {
  bytes = first

  /** One that was full has taken so long. */
  took(ms: Millis): void {
    if (ms < shortMs) this.bytes = Math.min(most, this.bytes * 2)
    if (ms > longMs) this.failed()
  }

  failed(): void {
    this.bytes = Math.max(least, this.bytes / 2)
  }
}
