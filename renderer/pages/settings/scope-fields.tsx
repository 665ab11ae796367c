import { useId } from 'react'
import type { DetectorInfo } from '../../../core/contract/calls.ts'
import { TextField } from '../../parts/field.tsx'
import { useCall } from '../../use-core.ts'
import type { RuleDraft } from './rule-draft.ts'

interface ScopeFieldsProps {
  readonly draft: RuleDraft
  readonly change: (part: Partial<RuleDraft>) => void
  readonly detector: DetectorInfo
  readonly wrong: (path: string) => string | null
}

const offered = 50

/** What a rule applies to, with the names that there are. */
export function ScopeFields({ draft, change, detector, wrong }: ScopeFieldsProps) {
  const id = useId()
  const device = draft.device.trim()
  const found = useCall('devices', { at: null, sort: 'area', filter: device, from: 0, count: offered })
  const exact = found.data?.rows.find((row) => row.device === device)
  const signals = useCall('device', { id: device, at: null }, { enabled: exact !== undefined })
  if (detector.about === 'source') return null
  return (
    <>
      <TextField
        label="Device"
        placeholder="every device"
        help={exact === undefined && device !== '' ? 'None is called so yet.' : 'Its exact name. Empty: every device.'}
        list={`${id}-devices`}
        value={draft.device}
        wrong={wrong('scope.device')}
        onChange={(name) => change({ device: name })}
      />
      <datalist id={`${id}-devices`}>
        {found.data?.rows.map((row) => (
          <option key={row.device} value={row.device} label={row.label} />
        ))}
      </datalist>
      {detector.about === 'signal' && (
        <>
          <TextField
            label="Signal"
            placeholder="every signal"
            help="Its exact name. Empty: every signal."
            list={`${id}-signals`}
            value={draft.signal}
            wrong={wrong('scope.signal')}
            onChange={(signal) => change({ signal })}
          />
          <datalist id={`${id}-signals`}>
            {exact !== undefined &&
              signals.data?.signals.map(({ series, signal }) => <option key={series} value={signal} />)}
          </datalist>
        </>
      )}
    </>
  )
}
