import { afterEach } from 'vitest'

type End = () => Promise<unknown> | unknown

const ends: End[] = []

/** Done when the test that runs is over: what began last ends first. */
export function atEnd(end: End): void {
  ends.push(end)
}

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})
