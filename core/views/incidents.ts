import type { AlertRow } from '../contract/calls.ts'
import type { Alert, Millis, Offset, Priority } from '../contract/model.ts'
import { groupOf, isActive } from './open-alerts.ts'

/** Open alerts that are one cause to a person. */
export interface Incident {
  /** The one that moved first, of those that wait most. */
  readonly lead: Alert
  /** The others, in the order in which they moved. */
  readonly members: readonly Alert[]
  readonly group: AlertRow['group']
  readonly priority: Priority
  readonly called: Offset | null
}

const waiting: readonly AlertRow['group'][] = ['active', 'acknowledged', 'returned', 'shelved', 'suppressed', 'closed']

/** Open alerts by incident: what waits for a person first, then by priority, then the newest. */
export function incidentsOf(alerts: readonly Alert[], time: Millis): readonly Incident[] {
  const byHead = new Map<string, Alert[]>()
  for (const alert of alerts) {
    const head = alert.incident ?? alert.id
    const known = byHead.get(head)
    if (known === undefined) byHead.set(head, [alert])
    else known.push(alert)
  }
  return [...byHead.values()].map((members) => incidentOf(members, time)).sort(compare)
}

function incidentOf(alerts: readonly Alert[], time: Millis): Incident {
  const waits = (alert: Alert) => waiting.indexOf(groupOf(alert, time))
  const moved = [...alerts].sort((a, b) => waits(a) - waits(b) || a.since - b.since || a.opened - b.opened)
  const lead = moved[0]!
  const calling = alerts.filter((alert) => alert.calls && isActive(alert, time) && alert.acknowledged === null)
  return {
    lead,
    members: moved.slice(1).sort((a, b) => a.since - b.since),
    group: groupOf(lead, time),
    priority: Math.min(...alerts.map((alert) => alert.priority)) as Priority, // the least of priorities is one
    called: calling.length === 0 ? null : Math.max(...calling.map(({ called, opened }) => called ?? opened)),
  }
}

function compare(a: Incident, b: Incident): number {
  const group = waiting.indexOf(a.group) - waiting.indexOf(b.group)
  return group || a.priority - b.priority || b.lead.since - a.lead.since
}
