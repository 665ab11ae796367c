import type { Calls } from '../contract/calls.ts'
import type { Alert, CommandName, Commands, SeenAlert, SeriesRef } from '../contract/model.ts'
import type { Views } from './views.ts'

type Command = Calls['command']['in']

type Whole = { readonly [K in CommandName]?: (views: Views, value: Commands[K]) => Commands[K] }

const onAlerts = <V extends Commands['unshelve']>(views: Views, value: V): V => {
  return { ...value, seen: seenAlerts(views, value.ids) }
}
/** Commands that call series and alerts as the views do. */
const wholes: Whole = {
  ack: onAlerts,
  shelve: onAlerts,
  unshelve: onAlerts,
  mark: (views, value) => ({ ...value, seen: seenAlerts(views, [value.id]) }),
  normal: (views, value) => ({ ...value, ...ref('of', views, value.series) }),
  'series.put': (views, value) => ({
    ...value,
    ...ref('of', views, value.series),
    ...ref('intoOf', views, value.into),
  }),
}

/** Whether `refer` has anything to add. */
export function needsReference({ name }: Command): boolean {
  return wholes[name] !== undefined
}

/**
 * A command with what its numbers and ids stand for now. They come from these views; the log may be read otherwise later,
 * and what a person did must still be done to the same.
 */
export function refer(views: Views, command: Command): Command {
  const whole = wholes[command.name] as ((views: Views, value: Command['value']) => Command['value']) | undefined
  if (whole === undefined) return command
  return { ...command, value: whole(views, command.value) } as Command // of one name, so of one kind
}

function seenAlerts({ db }: Views, ids: readonly string[]): readonly SeenAlert[] {
  const one = db.prepare<[string], { doc: string }>('select doc from alert where id = ?')
  return ids.flatMap((each) => {
    const row = one.get(each)
    if (row === undefined) return []
    const { id, rule, device, signal, since, until } = JSON.parse(row.doc) as Alert // written by the writer
    return [{ id, rule, device, signal, since, until }]
  })
}

/** Nothing of a series that is not known, which the path will pass over. */
function ref<K extends 'of' | 'intoOf'>(key: K, { catalogue }: Views, id: number | null): { [P in K]?: SeriesRef } {
  const series = catalogue.series[id ?? -1]
  if (series === undefined) return {}
  const { device, signal, type } = series
  return { [key]: { device, signal, type } } as { [P in K]?: SeriesRef } // a computed key has lost its type
}
