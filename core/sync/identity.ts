import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import type Database from 'better-sqlite3'
import type { Offset } from '../contract/model.ts'
import type { Line } from './lines.ts'

/** Who sends. */
export interface Identity {
  /** Never changes, and every copy of a data directory has it: it names the installation at the cluster. */
  readonly installation: string
  /** Which of the copies. */
  readonly log: string
  /** Names of the records, ascending; the first line begins at 0 and is named as the installation. */
  readonly lines: readonly Line[]
  /** Of the newest line. */
  readonly source: string
}

/** The part of state.db that knows who this is, and whether the file was copied since it was last used. */
export class IdentityBook {
  private readonly file: string
  private readonly sql: ReturnType<typeof prepare>

  constructor(db: Database.Database, file: string) {
    this.file = file
    this.sql = prepare(db)
    this.sql.once.run('installation', randomName('fw-'))
    this.sql.once.run('log', randomName('log-'))
  }

  /** It is another copy from now on, and at its next start it finds that it is. */
  renew(): void {
    this.sql.put.run('log', randomName('log-'))
    this.sql.put.run('place', nowhere)
  }

  /** Records from `first` on have a name that no other copy has, whatever later ones of this log had before. */
  beginLine(first: Offset): void {
    this.sql.dropLines.run(first)
    this.sql.beginLine.run(first, randomName(`${this.sql.meta.get('installation')!}.`))
  }

  /** Whether the file is not where it was used last; null: an older program used it, which did not say. */
  wasCopied(): boolean | null {
    const place = this.sql.meta.get('place')
    if (place === undefined || place === nowhere) return place === undefined ? null : true
    const [inode, born] = placeOf(this.file).split(' ')
    const [wasInode, wasBorn] = place.split(' ')
    return inode !== wasInode && born !== wasBorn // file systems that make up one of them keep the other
  }

  /** It is used here. */
  settle(): void {
    this.sql.put.run('place', placeOf(this.file))
  }
}

/** Of a copy before its first start. */
const nowhere = ''

/** What a copy does not share, and a rename keeps. */
function placeOf(file: string): string {
  const { ino, birthtimeNs } = statSync(file, { bigint: true })
  return `${ino} ${birthtimeNs}`
}

export function readIdentity(db: Database.Database): Identity {
  const meta = db.prepare<[string], string>('select value from meta where key = ?').pluck()
  const installation = meta.get('installation')! // made at the first start
  const begun = db.prepare<[], Line>('select first, source from line order by first').all()
  const lines = begun[0]?.first === 0 ? begun : [{ first: 0, source: installation }, ...begun]
  return { installation, log: meta.get('log')!, lines, source: lines.at(-1)!.source }
}

function randomName(prefix: string): string {
  return prefix + randomBytes(8).toString('hex')
}

function prepare(db: Database.Database) {
  return {
    once: db.prepare('insert into meta (key, value) values (?, ?) on conflict do nothing'),
    put: db.prepare('insert into meta (key, value) values (?, ?) on conflict do update set value = excluded.value'),
    meta: db.prepare<[string], string>('select value from meta where key = ?').pluck(),
    dropLines: db.prepare('delete from line where first >= ?'),
    beginLine: db.prepare('insert into line (first, source) values (?, ?)'),
  }
}
