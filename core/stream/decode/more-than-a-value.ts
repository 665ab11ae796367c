import { nameKeys, qualityKeys, timeKeys, unitKeys, valueKeys } from './parse.ts'

/** A message with any other key is not one value alone. */
const keysOfAValue: ReadonlySet<string> = new Set([...valueKeys, ...timeKeys, ...unitKeys, ...qualityKeys, ...nameKeys])
const longestKey = Math.max(...Array.from(keysOfAValue, (key) => key.length))

/**
 * Whether what begins like this, if it can be decoded at all, is an object with other keys than those around one value, or
 * a list. Seen by its first keys and nothing else. False: the rest decides.
 */
export function isMoreThanAValue(bytes: Uint8Array, from: number, to: number): boolean {
  if (bytes[from] === 0x5b) return true
  if (bytes[from] !== 0x7b) return false
  for (let at = afterSpace(bytes, from + 1, to); at < to && bytes[at] === 0x22; ) {
    const end = textEnd(bytes, at, to)
    if (end < 0) return false
    if (end - at - 2 > longestKey || !keysOfAValue.has(keyIn(bytes, at + 1, end - 1))) return true
    at = nextKey(bytes, end, to)
  }
  return false
}

function afterSpace(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to && bytes[at] === 0x20) at++
  return at
}

/** One past the closing quote; -1 where there is none, or an escape. */
function textEnd(bytes: Uint8Array, at: number, to: number): number {
  for (let i = at + 1; i < to; i++) {
    if (bytes[i] === 0x22) return i + 1
    if (bytes[i] === 0x5c) return -1
  }
  return -1
}

function keyIn(bytes: Uint8Array, from: number, to: number): string {
  let key = ''
  for (let i = from; i < to; i++) key += String.fromCharCode(bytes[i]!)
  return key
}

/** Where the next key begins, behind a key and a number, text or word; the end where something else stands. */
function nextKey(bytes: Uint8Array, from: number, to: number): number {
  let at = afterSpace(bytes, from, to)
  if (bytes[at] !== 0x3a) return to
  at = afterSpace(bytes, at + 1, to)
  if (bytes[at] === 0x22) at = textEnd(bytes, at, to)
  else while (at < to && isInWord(bytes[at]!)) at++
  if (at < 0) return to
  at = afterSpace(bytes, at, to)
  return bytes[at] === 0x2c ? afterSpace(bytes, at + 1, to) : to
}

/** Of a number, `true`, `false` or `null`. */
function isInWord(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2e ||
    byte === 0x2b ||
    byte === 0x45
  )
}
