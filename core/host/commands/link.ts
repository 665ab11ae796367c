import { resolve } from 'node:path'
import { FieldError } from '../../contract/errors.ts'
import type { Command } from '../command.ts'
import { parse } from '../command.ts'
import { linkThroughDoor } from '../door.ts'
import { defaultDataDir, placesIn } from '../paths.ts'

const options = { data: { type: 'string' }, json: { type: 'boolean' } } as const

export const link: Command = {
  name: 'link',
  summary: 'Print a link that lets one more browser in, while the program runs',
  usage: `[--data DIR] [--json]

  --data DIR  where the running program keeps its data (default: ${defaultDataDir()})
  --json      print {"url":"..."}`,
  run: async (args, io) => {
    const { values } = parse(args, options, 'no files')
    const data = resolve(values.data ?? defaultDataDir())
    const url = await linkThroughDoor(placesIn(data).door)
    if (url === null)
      throw new FieldError('not_found', `no program serves a page from ${data}`, {
        hint: 'Start it with "fieldwatch start", or name its folder with --data. The desktop app serves one with --port.',
      })
    io.out(values.json === true ? JSON.stringify({ url }) : url)
    return 0
  },
}
