import { spawnSync } from 'node:child_process'
import { part } from './parts.ts'

/** For `describe.skipIf(!hasSmallDisk)`: a file system of its own size, seen by one process only. */
export const hasSmallDisk = part(
  'a file system of a chosen size',
  process.platform === 'linux' && mounting('true').status === 0,
  'it takes Linux with user namespaces: sysctl kernel.unprivileged_userns_clone=1',
)

/** What `small-disk-child.ts` finds in a log on a disk of so many megabytes. */
export function onSmallDisk(megabytes: number, what: string): unknown {
  const child = new URL('small-disk-child.ts', import.meta.url).pathname
  const done = mounting(
    `mount -t tmpfs -o size=${megabytes}m tmpfs /mnt && exec "${process.execPath}" "${child}" ${what}`,
  )
  if (done.status !== 0) throw new Error(done.stderr)
  return JSON.parse(done.stdout)
}

function mounting(command: string) {
  return spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'sh', '-c', command], { encoding: 'utf8' })
}
