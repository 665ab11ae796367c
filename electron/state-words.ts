import type { SourceRow, Status } from '../core/contract/calls.ts'

/** Connections that a menu names; more are counted. */
const mostNamed = 8

/**
 * How things are, a line each, the most pressing first; never empty. No rates: a line that changes every
 * second cannot be read in a menu.
 */
export function stateInWords(status: Status | null, openAlerts: number): readonly string[] {
  if (status === null) return ['Starting']
  return [
    ...status.stopped.map(({ thread, message }) => `${thread} is not running: ${message}`),
    openAlerts === 0 ? 'No open alerts' : openAlerts === 1 ? '1 open alert' : `${openAlerts} open alerts`,
    ...(status.preparing === null ? [] : [`${status.preparing.what}: ${Math.floor(status.preparing.done * 100)} %`]),
    ...sourcesInWords(status.sources),
    ...status.destinations.map(({ name, state }) => `To ${name}: ${state}`),
  ]
}

function sourcesInWords(sources: readonly SourceRow[]): readonly string[] {
  if (sources.length === 0) return ['No broker is connected yet']
  const named = sources.slice(0, mostNamed).map(sourceInWords)
  return sources.length > mostNamed ? [...named, `and ${sources.length - mostNamed} more`] : named
}

function sourceInWords({ name, state, error }: SourceRow): string {
  switch (state) {
    case 'up':
      return `Capturing from ${name}`
    case 'connecting':
      return `Connecting to ${name}`
    case 'down':
    case 'action needed':
      return `${name} is ${state === 'down' ? 'away' : 'waiting for you'}${error === null ? '' : `: ${error.message}`}`
  }
}
