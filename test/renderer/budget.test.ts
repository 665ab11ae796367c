import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '../../dist/renderer')
const mostBytes = 220_000

test('the first load is at most 220 kB, zipped and without fonts', () => {
  const html = readFileSync(join(folder, 'index.html'), 'utf8')
  const files = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g)].map((match) => match[1]!)
  expect(files.length).toBeGreaterThan(1)
  const zipped = files.map((file) => gzipSync(readFileSync(join(folder, file))).length)
  expect(zipped.reduce((a, b) => a + b, gzipSync(html).length)).toBeLessThan(mostBytes)
})

test('nothing in the page is inline, so that the policy of both hosts can be strict', () => {
  const html = readFileSync(join(folder, 'index.html'), 'utf8')
  expect(html).not.toMatch(/<style|style="|<script(?![^>]*\ssrc=)/)
})
