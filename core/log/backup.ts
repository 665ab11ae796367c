import {
  closeSync,
  cpSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { constants, copyFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { FieldError } from '../contract/errors.ts'
import type { Millis, Offset } from '../contract/model.ts'
import { readCatalogue, type SealedSegment } from './catalogue.ts'
import { replaceDurably } from './durable.ts'
import { hashFile } from './sealer.ts'
import { listSegments, openForReading, refuseNewer, segmentFile } from './segment.ts'
import { verifySegment } from './verify.ts'

// backup.json            what belongs to the backup; written last, so that after a crash it is the backup before
// log/000000000001.db    finished segments: they never change, so each is copied once for all backups in the folder
// 2026-11-25T08-00-00-000Z/...   everything that still changes, as it was then

export interface BackupFile {
  /** Where it belongs in the data directory, and where it lies in the backup. */
  readonly name: string
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

export interface Manifest {
  readonly version: 1
  readonly time: Millis
  /** Of the log in it. */
  readonly base: Offset
  readonly head: Offset
  readonly files: readonly BackupFile[]
}

const version = 1
const folderName = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$/

/** The backup in a folder. Throws FieldError not_found when there is none, log_newer when a newer program made it. */
export function readManifest(dir: string): Manifest {
  const file = join(dir, 'backup.json')
  if (!existsSync(file))
    throw new FieldError('not_found', `${dir} holds no backup: backup.json is missing`, {
      hint: 'name the folder that "fieldwatch backup --to" was given',
    })
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (isNewer(manifest))
    throw new FieldError('log_newer', `${file} has version ${manifest.version}, this program knows ${version}`, {
      hint: 'use the newer Fieldwatch that made it; nothing was touched',
    })
  if (!isManifest(manifest))
    throw new FieldError('log_damaged', `${file} is not the list of a backup`, { hint: 'restore another backup' })
  return manifest
}

function isNewer(content: unknown): content is { readonly version: number } {
  return typeof content === 'object' && content !== null && 'version' in content && Number(content.version) > version
}

function isManifest(content: unknown): content is Manifest {
  if (typeof content !== 'object' || content === null || !('files' in content)) return false
  return Array.isArray(content.files) && content.files.every(({ name, path }) => isInside(name) && isInside(path))
}

/** No file of a backup comes from or goes to a place outside. */
function isInside(path: unknown): boolean {
  return typeof path === 'string' && /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/.test(path)
}

/** One more backup in a folder. Nothing of it counts before `finish`; nothing of the one before is changed until then. */
export class Backup {
  /** Files that were copied now, not by a backup before. */
  copied = 0
  readonly problems: string[] = []
  private readonly dir: string
  private readonly time: Millis
  private readonly folder: string
  private readonly before: ReadonlyMap<string, BackupFile>
  private files: BackupFile[] = []

  /** Throws FieldError bad_input when the folder holds something else. */
  constructor(dir: string, time: Millis) {
    this.dir = dir
    this.time = time
    this.folder = new Date(time).toISOString().replaceAll(/[:.]/g, '-')
    const there = existsSync(dir) ? readdirSync(dir) : []
    if (there.length > 0 && !there.includes('backup.json') && !there.every(isOfBackup))
      throw new FieldError('bad_input', `${dir} is not empty and holds no backup`, {
        hint: 'name an empty folder, a new one, or that of an earlier backup of the same log',
        path: 'to',
      })
    const files = there.includes('backup.json') ? readManifest(dir).files : []
    this.before = new Map(files.map((file) => [file.name, file]))
  }

  /** The log as it is now: a writer may go on. Returns where it begins and ends. */
  async addLog(logDir: string): Promise<{ readonly base: Offset; readonly head: Offset }> {
    refuseNewer(logDir)
    const sealed = new Map(readCatalogue(logDir).map((segment) => [segment.first, segment]))
    const firsts = listSegments(logDir)
    if (firsts.length === 0) throw new FieldError('not_found', `${logDir} holds no log`, { hint: 'name its --data' })
    let head = 0
    for (const first of firsts) head = await this.addSegment(logDir, first, sealed.get(first))
    const kept = firsts.map((first) => sealed.get(first)).filter((segment) => segment !== undefined)
    const catalogue = { version: 1, begins: firsts[0], segments: kept }
    await this.addMade('log/catalogue.json', (file) =>
      replaceDurably(file, Buffer.from(JSON.stringify(catalogue, null, 1))),
    )
    for (const name of readdirSync(logDir)) // bases after the segments: one is written before a segment goes
      if (name.endsWith('.base') || ['client-id', 'sessions.json'].includes(name))
        await this.addFile(`log/${name}`, join(logDir, name))
    return { base: firsts[0]!, head }
  }

  /** A small file, as it is now; nothing when it is not there. */
  async addFile(name: string, file: string): Promise<void> {
    if (existsSync(file)) await this.addMade(name, (copy) => cpSync(file, copy))
  }

  /** An SQLite database that may be in use; nothing when it is not there. */
  async addDatabase(name: string, file: string): Promise<void> {
    if (!existsSync(file)) return
    const db = new Database(file, { readonly: true })
    try {
      await this.addMade(name, (copy) => db.prepare('vacuum into ?').run(copy))
    } finally {
      db.close()
    }
  }

  /** From now on this is the backup of the folder. */
  finish({ base, head }: { readonly base: Offset; readonly head: Offset }): Manifest {
    const manifest: Manifest = { version, time: this.time, base, head, files: this.files }
    replaceDurably(join(this.dir, 'backup.json'), Buffer.from(JSON.stringify(manifest, null, 1)))
    for (const name of readdirSync(this.dir))
      if (folderName.test(name) && name !== this.folder) rmSync(join(this.dir, name), { recursive: true, force: true })
    return manifest
  }

  /** Leaves the backup before as it was. */
  giveUp(): void {
    rmSync(join(this.dir, this.folder), { recursive: true, force: true })
  }

  private async addSegment(logDir: string, first: Offset, sealed: SealedSegment | undefined): Promise<Offset> {
    if (sealed === undefined) return this.addGrowing(logDir, first)
    await this.addFinished(`log/${basename(segmentFile(logDir, first))}`, segmentFile(logDir, first), sealed)
    return first + sealed.n
  }

  private async addFinished(name: string, file: string, sealed: SealedSegment): Promise<void> {
    const before = this.before.get(name)
    if (before?.path === name && before.sha256 === sealed.sha256 && existsSync(join(this.dir, name))) {
      this.files.push(before)
      return
    }
    const draft = `${join(this.dir, name)}.${process.pid}.new`
    mkdirSync(dirname(draft), { recursive: true })
    await copyFile(file, draft, constants.COPYFILE_FICLONE)
    syncFile(draft)
    const { bytes, sha256 } = (await hashFile(draft))!
    if (sha256 !== sealed.sha256) this.problems.push(`${file} is not the one that was sealed: its sha256 differs`)
    renameSync(draft, join(this.dir, name))
    this.files.push({ name, path: name, bytes, sha256 })
    this.copied++
  }

  /** One that is written, or was until a moment ago, as of its last commit. What is damaged is copied as it is. */
  private async addGrowing(logDir: string, first: Offset): Promise<Offset> {
    const file = segmentFile(logDir, first)
    const name = `log/${basename(file)}`
    const { problems } = verifySegment(logDir, first)
    this.problems.push(...problems.map(({ message }) => message))
    if (problems.length > 0) await this.addMade(name, (copy) => cpSync(file, copy))
    else await this.addMade(name, (copy) => copySegment(file, copy))
    return verifySegment(join(this.dir, this.folder, 'log'), first).head
  }

  private async addMade(name: string, make: (copy: string) => unknown): Promise<void> {
    const path = `${this.folder}/${name}`
    const copy = join(this.dir, path)
    mkdirSync(dirname(copy), { recursive: true })
    make(copy)
    syncFile(copy)
    this.files.push({ name, path, ...(await hashFile(copy))! })
    this.copied++
  }
}

function copySegment(file: string, copy: string): void {
  const { db } = openForReading(file)
  try {
    db.prepare('vacuum into ?').run(copy)
  } finally {
    db.close()
  }
}

function isOfBackup(name: string): boolean {
  return name === 'log' || folderName.test(name) // of a first backup that was cut off
}

function syncFile(file: string): void {
  const fd = openSync(file, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
