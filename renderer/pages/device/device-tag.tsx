import type { DeviceRow } from '../../../core/contract/calls.ts'

const names = { 1: 'critical', 2: 'warning', 3: 'advisory' } as const

/** The state of a device in a few words; nothing while it is normal. */
export function DeviceTag({ row }: { readonly row: DeviceRow }) {
  switch (row.state) {
    case 'normal':
      return null
    case 'silent':
      return <span className="tag p2">silent</span>
    case 'shelved':
      return <span className="tag">put aside</span>
    case 'learning':
      return <span className="tag">learning</span>
    case 'alert': {
      const priority = row.priority ?? 3
      return (
        <span className={priority === 3 ? 'tag' : `tag p${priority}`}>
          {names[priority]}, {row.acknowledged ? 'acknowledged' : 'not acknowledged'}
        </span>
      )
    }
  }
}
