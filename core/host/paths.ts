import { homedir } from 'node:os'
import { join, posix, win32 } from 'node:path'

type Env = Readonly<Record<string, string | undefined>>

/** Where data lives by the system's convention, when nothing else is said. */
export function defaultDataDir(
  platform: NodeJS.Platform = process.platform,
  env: Env = process.env,
  home: string = homedir(),
): string {
  if (platform === 'win32') return win32.join(env.LOCALAPPDATA ?? win32.join(home, 'AppData', 'Local'), 'Fieldwatch')
  if (platform === 'darwin') return posix.join(home, 'Library', 'Application Support', 'Fieldwatch')
  const base = env.XDG_DATA_HOME
  return posix.join(base?.startsWith('/') ? base : posix.join(home, '.local', 'share'), 'fieldwatch')
}

/** Everything that a data directory holds. */
export interface Places {
  readonly log: string
  readonly views: string
  /** Along the log, where a replay begins; they can be thrown away. */
  readonly snapshots: string
  /** Ledger and positions of sync: not a view, it cannot be made again. */
  readonly state: string
  readonly config: string
  readonly secrets: string
  readonly sessions: string
  /** How a command of the line reaches the program that runs on it. */
  readonly door: string
  /** What Prometheus shows to read the metrics. */
  readonly metricsToken: string
  readonly demo: string
}

export function placesIn(dataDir: string): Places {
  return {
    log: join(dataDir, 'log'),
    views: join(dataDir, 'views.db'),
    snapshots: join(dataDir, 'snapshots'),
    state: join(dataDir, 'state.db'),
    config: join(dataDir, 'config.json'),
    secrets: join(dataDir, 'secrets.json'),
    sessions: join(dataDir, 'sessions.json'),
    door: join(dataDir, 'door.json'),
    metricsToken: join(dataDir, 'metrics-token'),
    demo: join(dataDir, 'demo.json'),
  }
}
