import type { Calls } from '../contract/calls.ts'
import type { Alert, SeenAlert, SeriesRef } from '../contract/model.ts'
import type { Views } from './views.ts'

type Command = Calls['command']['in']

/**
 * A command with what its numbers and ids stand for now. They come from these views; the log may be read otherwise later,
 * and what a person did must still be done to the same.
 */
export function refer(views: Views, command: Command): Command {
  switch (command.name) {
    case 'ack':
      return { ...command, value: { ...command.value, seen: seenAlerts(views, command.value.ids) } }
    case 'shelve':
      return { ...command, value: { ...command.value, seen: seenAlerts(views, command.value.ids) } }
    case 'unshelve':
      return { ...command, value: { ...command.value, seen: seenAlerts(views, command.value.ids) } }
    case 'mark':
      return { ...command, value: { ...command.value, seen: seenAlerts(views, [command.value.id]) } }
    case 'normal':
      return { ...command, value: { ...command.value, ...ref('of', views, command.value.series) } }
    case 'series.put': {
      const { series, into } = command.value
      return { ...command, value: { ...command.value, ...ref('of', views, series), ...ref('intoOf', views, into) } }
    }
    default:
      return command
  }
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
