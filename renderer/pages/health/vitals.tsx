import type { ReactNode } from 'react'
import type { At, DestinationRow, Health } from '../../../core/contract/calls.ts'
import { Spark } from '../../chart/spark.tsx'
import { useCall } from '../../use-core.ts'
import { count, many, roughly } from '../../words/number.ts'
import { isHeld } from '../../words/sync-state.ts'
import { age } from '../../words/time.ts'
import styles from './health.module.css'

/** Devices, capture, alerts and sync: a number each, with what it means. */
export function Vitals({ at, health }: { readonly at: At; readonly health: Health | undefined }) {
  const destinations = useCall('destinations', {}).data
  return (
    <div className={styles.vitals}>
      <Vital name="Devices" figure={health && count(health.devices.total)} note={health && devicesNote(health)} />
      <Vital
        name="Capture"
        figure={health && count(Math.round(health.capture.perSecond))}
        unit="msg/s"
        note={health && captureNote(health)}
      >
        {health && <Spark values={health.capture.spark} width={72} height={22} />}
      </Vital>
      <Vital
        name="Alerts"
        figure={health && count(health.alerts.active)}
        unit={health && alertsUnit(health)}
        note={health && alertsNote(health)}
      />
      <SyncVital past={at !== null} destinations={destinations} />
    </div>
  )
}

interface VitalProps {
  readonly name: string
  readonly figure: string | undefined
  readonly unit?: string | undefined
  readonly note: string | undefined
  readonly children?: ReactNode
}

function Vital({ name, figure, unit, note, children }: VitalProps) {
  return (
    <section className={styles.vital}>
      <h2>{name}</h2>
      <p className={styles.figure}>
        {figure ?? '\u00a0'}
        {figure !== undefined && unit !== undefined && <small>{unit}</small>}
        {children}
      </p>
      <p className="small ink2 cut num" title={note}>
        {note ?? '\u00a0'}
      </p>
    </section>
  )
}

/** What the destinations do is known for now only, so in the past the heading says so. */
function SyncVital({
  past,
  destinations,
}: {
  readonly past: boolean
  readonly destinations: readonly DestinationRow[] | undefined
}) {
  const name = past ? 'Sync, now' : 'Sync'
  if (destinations === undefined) return <Vital name={name} figure={undefined} note={undefined} />
  if (destinations.length === 0) return <Vital name={name} figure="none" note="records stay here" />
  const waits = destinations.filter((one) => isHeld(one.state)).length
  const moving = destinations.filter((one) => !isHeld(one.state))
  const behind = Math.max(...(moving.length === 0 ? destinations : moving).map((one) => one.behindMs))
  return (
    <Vital
      name={name}
      figure={age(behind)}
      unit={behindWords(waits, destinations.length)}
      note={syncNote(destinations)}
    />
  )
}

function behindWords(waits: number, all: number): string {
  if (waits === 0) return 'behind'
  if (all === 1) return 'behind, waits'
  return `behind · ${waits} of ${all} ${waits === 1 ? 'waits' : 'wait'}`
}

function syncNote(destinations: readonly DestinationRow[]): string {
  if (destinations.every((one) => one.delivery === 'not known yet')) return 'delivery not known yet'
  const modes = [...new Set(destinations.map((one) => one.delivery))].join(' and ')
  const twice = destinations.reduce((sum, one) => sum + one.maybeTwice, 0)
  const aside = destinations.reduce((sum, one) => sum + one.aside, 0)
  return [modes, `${count(twice)} maybe twice`, `${count(aside)} set aside`].join(' · ')
}

function devicesNote({ devices }: Health): string {
  const parts = [
    `${count(devices.normal)} normal`,
    devices.alert > 0 && many(devices.alert, 'alert'),
    devices.silent > 0 && `${count(devices.silent)} silent`,
    devices.shelved > 0 && `${count(devices.shelved)} put aside`,
    devices.learning > 0 && `${count(devices.learning)} learning`,
  ]
  return parts.filter((part) => part !== false).join(' · ')
}

function captureNote({ time, capture }: Health): string {
  const gap = capture.gapFreeSince === null ? 'gaps not known' : `no gap for ${age(time - capture.gapFreeSince)}`
  return `${gap} · ${roughly(capture.records)} kept`
}

function alertsUnit({ alerts }: Health): string {
  if (alerts.active === 0) return 'active'
  if (alerts.unacknowledged === 0) return 'active, all acknowledged'
  return alerts.unacknowledged === alerts.active
    ? 'active, not acknowledged'
    : `active, ${count(alerts.unacknowledged)} not acknowledged`
}

function alertsNote({ alerts }: Health): string {
  return `${alerts.perHour.toFixed(1)} an hour; good is 6 or fewer`
}
