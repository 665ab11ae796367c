import type { ReactNode } from 'react'
import type { DeviceState } from '../../core/contract/calls.ts'
import type { Priority } from '../../core/contract/model.ts'

interface MarkProps {
  /** 1 critical, 2 warning, 3 advisory; null where the state alone is drawn. */
  readonly priority: Priority | null
  readonly state?: DeviceState
  readonly acknowledged?: boolean
}

/**
 * The state of a device or an alert as shape, digit and colour. Filled: not acknowledged; outline: acknowledged.
 * Silent, shelved, learning and normal have shapes of their own.
 */
export function PriorityMark({ priority, state = 'alert', acknowledged = false }: MarkProps) {
  if (state === 'silent') return <Mark name="Silent">{silent}</Mark>
  if (state === 'shelved') return <Mark name="Shelved">{shelved}</Mark>
  if (state === 'learning') return <Mark name="Learning">{learning}</Mark>
  if (state === 'normal' || priority === null) return <Mark name="Normal">{normal}</Mark>
  return (
    <Mark name={`${priorityNames[priority]}, ${acknowledged ? 'acknowledged' : 'not acknowledged'}`}>
      {shapes[priority](acknowledged)}
    </Mark>
  )
}

/** That of a rule, which is neither acknowledged nor not. */
export function PriorityShape({ priority }: { readonly priority: Priority }) {
  return <Mark name={priorityNames[priority]}>{shapes[priority](false)}</Mark>
}

export const priorityNames: Record<Priority, string> = { 1: 'Critical', 2: 'Warning', 3: 'Advisory' }

function Mark({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      role="img"
      aria-label={name}
      style={{ flex: 'none', display: 'block' }}
    >
      {children}
    </svg>
  )
}

const shapes: Record<Priority, (acknowledged: boolean) => ReactNode> = { 1: square, 2: triangle, 3: circle }

function square(acknowledged: boolean): ReactNode {
  return (
    <>
      {acknowledged ? (
        <rect x="1.5" y="1.5" width="13" height="13" rx="2.6" fill="none" stroke="var(--p1)" strokeWidth="1.5" />
      ) : (
        <rect x="1" y="1" width="14" height="14" rx="3" fill="var(--p1)" />
      )}
      <Digit y={11.7} size={10.5} fill={acknowledged ? 'var(--p1)' : 'var(--on-ink)'}>
        1
      </Digit>
    </>
  )
}

function triangle(acknowledged: boolean): ReactNode {
  return (
    <>
      <path
        d="M8 1.2 15.4 14.4H.6Z"
        strokeLinejoin="round"
        stroke="var(--p2)"
        strokeWidth="1.2"
        fill={acknowledged ? 'none' : 'var(--p2-fill)'}
      />
      <Digit y={12.8} size={9} fill={acknowledged ? 'var(--p2)' : 'var(--on-p2-fill)'}>
        2
      </Digit>
    </>
  )
}

function circle(acknowledged: boolean): ReactNode {
  return (
    <>
      <circle cx="8" cy="8" r="6.8" fill={acknowledged ? 'none' : 'var(--p3)'} stroke="var(--p3)" strokeWidth="1.3" />
      <Digit y={11.5} size={9.5} fill={acknowledged ? 'var(--p3)' : 'var(--on-ink)'}>
        3
      </Digit>
    </>
  )
}

interface DigitProps {
  readonly y: number
  readonly size: number
  readonly fill: string
  readonly children: string
}

function Digit({ y, size, fill, children }: DigitProps) {
  return (
    <text x="8" y={y} textAnchor="middle" fontSize={size} fontWeight="700" fill={fill}>
      {children}
    </text>
  )
}

const silent = (
  <>
    <circle cx="8" cy="8" r="6.2" fill="none" stroke="var(--p2)" strokeWidth="1.4" strokeDasharray="2.6 2.2" />
    <path d="M5 8h6" stroke="var(--p2)" strokeWidth="1.6" />
  </>
)
const shelved = (
  <>
    <circle cx="8" cy="8" r="6.2" fill="none" stroke="var(--control)" strokeWidth="1.3" />
    <path d="M8 4.6V8l2.2 1.6" fill="none" stroke="var(--control)" strokeWidth="1.3" strokeLinecap="round" />
  </>
)
const learning = (
  <circle cx="8" cy="8" r="5" fill="none" stroke="var(--control)" strokeWidth="1.3" strokeDasharray="1.2 2.2" />
)
const normal = <circle cx="8" cy="8" r="2.4" fill="var(--band-edge)" />
