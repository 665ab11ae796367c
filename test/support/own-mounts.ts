import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { findProgram, part } from './parts.ts'

const flags = process.getuid?.() === 0 ? ['-m'] : ['-Urm']

/** For `describe.skipIf(!hasOwnMounts)`: processes may have mounts that nobody else sees. */
export const hasOwnMounts = part(
  'a mount namespace',
  process.platform === 'linux' && findProgram('unshare') !== null && mayMount(),
  'run as root, or where users may make namespaces',
)

/** Command line of a shell script with mounts of its own: "$1", "$2", ... are `args`. */
export function withOwnMounts(script: string, args: readonly string[]): readonly [string, readonly string[]] {
  return ['unshare', [...flags, 'sh', '-ec', script, 'sh', ...args]]
}

export function runWithOwnMounts(script: string, args: readonly string[]): SpawnSyncReturns<string> {
  const [program, line] = withOwnMounts(script, args)
  return spawnSync(program, line, { encoding: 'utf8' })
}

function mayMount(): boolean {
  return runWithOwnMounts('mount -t tmpfs -o size=1m tmpfs /mnt', []).status === 0
}
