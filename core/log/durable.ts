import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Replaces a file as a whole: after a power cut it is the old one or the new one, and once this returns the new one. */
export function replaceDurably(file: string, ...parts: readonly Uint8Array[]): void {
  const draft = `${file}.new`
  try {
    writeDurably(draft, parts)
    renameSync(draft, file)
  } catch (error) {
    rmSync(draft, { force: true }) // half of it takes the room of a full disk
    throw error
  }
  syncDirectory(dirname(file))
}

function writeDurably(file: string, parts: readonly Uint8Array[]): void {
  const fd = openSync(file, 'w')
  try {
    for (const part of parts) writeWhole(fd, part)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}

/** What was renamed or removed in it stays so. Windows opens no directory, and writes renames through by itself. */
export function syncDirectory(dir: string): void {
  if (process.platform === 'win32') return
  const fd = openSync(dir, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
