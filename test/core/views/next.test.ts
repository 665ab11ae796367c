import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { dropNext, makeReady, nextOf, switchIn } from '../../../core/views/next.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('views that are ready take the place of the old ones, whatever was left of those', () => {
  const { dir, file } = two()
  rmSync(`${file}-shm`, { force: true }) // as a crash in the middle leaves them
  makeReady(file)
  expect(readIn(file)).toBe('old')
  expect(switchIn(file)).toBe(true)
  expect([readIn(file), readdirSync(dir)]).toEqual(['new', ['views.db']])
  expect(switchIn(file)).toBe(true)
})

test('one file holds all that is ready, also when its program was killed', () => {
  const { dir, file } = two()
  makeReady(file)
  expect(readdirSync(dir).filter((name) => name.includes('ready'))).toEqual(['views.ready.db'])
  expect(existsSync(nextOf(file))).toBe(false)
})

test('where the old ones cannot be replaced they stay, and the others are made ready again later', () => {
  const { dir, file } = two()
  makeReady(file)
  for (const name of readdirSync(dir)) if (name !== 'views.ready.db') rmSync(join(dir, name))
  mkdirSync(join(file, 'in the way'), { recursive: true })
  expect(switchIn(file)).toBe(false)
  expect(readIn(nextOf(file))).toBe('new')
  rmSync(file, { recursive: true })
  makeReady(file)
  expect(switchIn(file)).toBe(true)
  expect(readIn(file)).toBe('new')
})

test('views that are not wanted any more go with all their files', () => {
  const { dir, file } = two()
  dropNext(file)
  expect(readdirSync(dir).filter((name) => name.includes('next'))).toEqual([])
  expect(readIn(file)).toBe('old')
})

/** Old views and new ones, as programs leave them that were killed: with their newest commits beside the files. */
function two(): { readonly dir: string; readonly file: string } {
  const [dir, at] = [tempDir(), tempDir()]
  const file = join(dir, 'views.db')
  for (const [text, to] of [
    ['old', file],
    ['new', nextOf(file)],
  ] as const) {
    const db = new Database(join(at, text))
    db.pragma('journal_mode = wal')
    db.exec('create table said(text)')
    db.prepare('insert into said values (?)').run(text)
    for (const part of ['', '-wal']) copyFileSync(join(at, text + part), to + part)
    db.close()
  }
  writeFileSync(`${file}-shm`, '')
  return { dir, file }
}

function readIn(file: string): unknown {
  const db = new Database(file)
  try {
    return db.prepare('select text from said').pluck().get()
  } finally {
    db.close()
  }
}
