import { vi } from 'vitest'
import type { Pushes, PushName, Status } from '../../core/contract/calls.ts'
import { FieldError } from '../../core/contract/errors.ts'
import type { Core } from '../../core/host/session.ts'
import { happened } from './double.ts'

type Heard = Parameters<Core['listen']>[0]

/** A core with one call, and pushes at a test's word. */
export function smallCore() {
  const listening = new Set<Heard>()
  const core: Core = {
    answer: async (name, input) => {
      if (name === 'record') return { asked: input, columns: Float64Array.of(1, 2, 3) }
      throw new FieldError('bad_input', `"${name}" is not a call of this program`)
    },
    listen: (heard) => {
      listening.add(heard)
      return () => listening.delete(heard)
    },
  }
  return {
    core,
    listening: () => listening.size,
    push: <K extends PushName>(name: K, push: Pushes[K]) => {
      for (const heard of listening) heard(name, push)
    },
  }
}

/** In the place of the host: what the shell starts and stops. */
export function smallHost() {
  const small = smallCore()
  return {
    ...small,
    host: {
      api: small.core,
      version: '1',
      url: () => null,
      stopped: () => [],
      link: vi.fn(async (_event: string) => undefined),
      stop: vi.fn(async () => {
        happened.push('host stopped')
      }),
    },
  }
}

export const status: Status = {
  site: 'Dairy',
  time: 0,
  zone: 'UTC',
  demo: false,
  sources: [],
  log: {
    bytes: 0,
    freeBytes: 0,
    limitBytes: 0,
    minFreeBytes: 0,
    heldBy: null,
    trouble: null,
    archiveFrom: null,
    unsent: null,
    note: null,
    head: 0,
    from: null,
    directory: '',
  },
  destinations: [],
  recorder: null,
  cpuPercent: 0,
  memoryBytes: 0,
  stopped: [],
  preparing: null,
}
