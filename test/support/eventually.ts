import { setTimeout as wait } from 'node:timers/promises'
import { afterEach } from 'vitest'

let test = new AbortController()

afterEach(() => {
  test.abort()
  test = new AbortController()
})

/** When it holds, looked at again and again, for what nobody tells of; no longer than its test runs. */
export async function eventually(holds: () => boolean): Promise<void> {
  const { signal } = test
  while (!holds()) await wait(10, undefined, { signal })
}
