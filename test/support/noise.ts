/** Text that gzip cannot make small. */
export function noise(length: number): string {
  let state = 1
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647
    return String.fromCharCode(35 + (state % 56))
  }).join('')
}
