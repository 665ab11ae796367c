import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { DeviceDetail, SignalRow } from '../../../core/contract/calls.ts'
import { Button } from '../../parts/button.tsx'
import { ErrorNote } from '../../parts/error-note.tsx'
import { ChoiceField, TextField } from '../../parts/field.tsx'
import { go } from '../../route.ts'
import { person, useCall, useCore } from '../../use-core.ts'
import { count, many } from '../../words/number.ts'
import styles from './device.module.css'
import { shownName } from './edit-signal.tsx'

interface CountAsProps {
  readonly device: DeviceDetail
  readonly onClose: () => void
}

/** By series: the one that it is to be read into. */
type Into = Readonly<Record<string, string>>

const itself = 'itself'
const mostListed = 50

/** Asks which device this one is under a new name, and as which of its signals each of ours counts from now on. */
export function CountAs({ device, onClose }: CountAsProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [other, setOther] = useState('')
  const [changed, setChanged] = useState<Into>({})
  const found = useCall('device', { id: other, at: null }, { enabled: other !== '' })
  const merging = useMerging(() => go({ page: 'device', id: other, tab: 'details', at: null }))
  useEffect(() => dialog.current?.showModal(), [])
  const target = other === '' || found.isPlaceholderData ? undefined : found.data
  const into = target === undefined ? {} : { ...alike(device, target), ...changed }
  const merges = mergesOf(device, into)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (merges.length > 0) merging.mutate(merges)
  }
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby="count-as" onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id="count-as">Count {device.row.label} as another device</h2>
        <p className="ink2">
          For a device that has a new name, as after a new gateway. From now on its readings count as those of the other
          one: one chart, and what was learned goes on. The log and Kafka keep its names, and each signal can be
          separated again.
        </p>
        <ChooseDevice
          own={device.row.device}
          chosen={other}
          onChoose={(id) => {
            setOther(id)
            setChanged({})
          }}
        />
        {target !== undefined && <p className="small ink2">Its signals, and as what each counts from now on:</p>}
        {target !== undefined &&
          free(device).map((signal) => (
            <ChoiceField
              key={signal.series}
              label={shownName(signal)}
              value={into[signal.series] ?? itself}
              choices={[
                { value: itself, label: 'Stays a signal of its own' },
                ...fitting(signal, target).map((each) => ({ value: String(each.series), label: shownName(each) })),
              ]}
              onChange={(series) => setChanged({ ...changed, [signal.series]: series })}
            />
          ))}
        {[found.error, merging.error].map((error) => error !== null && <ErrorNote key={error.message} error={error} />)}
        <div className="row">
          <span className="push" />
          <Button onClick={() => dialog.current?.close()}>Cancel</Button>
          <Button look="primary" type="submit" disabled={merges.length === 0 || merging.isPending}>
            {merges.length === 0 ? 'Count as' : `Count ${many(merges.length, 'signal')}`}
          </Button>
        </div>
      </form>
    </dialog>
  )
}

interface ChooseDeviceProps {
  readonly own: string
  readonly chosen: string
  readonly onChoose: (id: string) => void
}

function ChooseDevice({ own, chosen, onChoose }: ChooseDeviceProps) {
  const [filter, setFilter] = useState('')
  const devices = useCall('devices', { at: null, sort: 'area', filter, from: 0, count: mostListed }).data
  const others = (devices?.rows ?? []).filter(({ device }) => device !== own || device === chosen)
  const left = (devices?.total ?? 0) - mostListed
  const listed = others.map(({ device, label, area }) => {
    return { value: device, label: area === '' ? `${label} (${device})` : `${label}, ${area} (${device})` }
  })
  const isListed = chosen === '' || listed.some(({ value }) => value === chosen)
  return (
    <>
      <TextField label="Find" help="Words of its name, area or topic." value={filter} onChange={setFilter} />
      <ChoiceField
        label="Device"
        help={left > 0 ? `${count(left)} more; write words above.` : undefined}
        value={chosen}
        choices={[
          { value: '', label: 'Choose a device' },
          ...(isListed ? [] : [{ value: chosen, label: chosen }]),
          ...listed,
        ]}
        onChange={onChoose}
      />
    </>
  )
}

/** What others are read into cannot be read into another one. */
function free({ signals }: DeviceDetail): readonly SignalRow[] {
  return signals.filter(({ parts }) => parts.length === 0)
}

function fitting({ type }: SignalRow, { signals }: DeviceDetail): readonly SignalRow[] {
  return signals.filter((each) => each.type === type)
}

/** Each as the one of the same name, where there is one. */
function alike(device: DeviceDetail, target: DeviceDetail): Into {
  const entries = free(device).map((signal) => {
    const same = fitting(signal, target).find((each) => each.signal === signal.signal)
    return [String(signal.series), same === undefined ? itself : String(same.series)]
  })
  return Object.fromEntries(entries) as Into
}

interface Merge {
  readonly signal: SignalRow
  readonly into: number
}

function mergesOf(device: DeviceDetail, into: Into): readonly Merge[] {
  return free(device).flatMap((signal) => {
    const chosen = into[signal.series] ?? itself
    return chosen === itself ? [] : [{ signal, into: Number(chosen) }]
  })
}

/** One after the other; what was stored before one that fails stays, and is stored again by another try. */
function useMerging(done: () => void) {
  const core = useCore()
  return useMutation<void, Error, readonly Merge[]>({
    mutationFn: async (merges) => {
      for (const { signal, into } of merges)
        await core.call('command', {
          name: 'series.put',
          value: { series: signal.series, name: signal.said.name, unit: signal.said.unit, into, by: person },
        })
    },
    onSuccess: done,
  })
}
