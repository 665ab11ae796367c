import { resolve } from 'node:path'
import { importFiles as importInto } from '../../ingest/import.ts'
import { openLog } from '../../log/log.ts'
import { refuseNewer } from '../../log/segment.ts'
import type { Command } from '../command.ts'
import { parse, WrongUse } from '../command.ts'
import { takeLock } from '../lock.ts'
import { defaultDataDir, placesIn } from '../paths.ts'
import { calledOff } from '../signals.ts'

const usage = `FILE... [--data DIR] [--topic NAME] [--json]

  FILE          CSV (ts,value[,...]; epoch ms or ISO 8601) or JSON Lines; its name without extension is the topic.
                Into an empty log its times are the arrival times; into one in use, arrival is now and its times
                are the device's
  --data DIR    data directory; no other Fieldwatch may have it open (default: ${defaultDataDir()})
  --topic NAME  topics begin with NAME/
  --json        the result as one line of JSON`

const options = { data: { type: 'string' }, topic: { type: 'string' }, json: { type: 'boolean' } } as const

export const importFiles: Command = {
  name: 'import',
  summary: 'Write the rows of files into a log, by time',
  usage,
  run: async (args, io) => {
    const { values, files } = parse(args, options, 'files')
    if (files.length === 0) throw new WrongUse('a file is missing')
    const dataDir = resolve(values.data ?? defaultDataDir())
    refuseNewer(placesIn(dataDir).log)
    const release = takeLock(dataDir)
    const log = openLog(placesIn(dataDir).log)
    try {
      const onProgress = (done: number) => io.err(`${done} imported`)
      const { imported } = await importInto({
        log,
        files,
        prefix: values.topic ?? null,
        now: Date.now,
        signal: calledOff(),
        onProgress,
      })
      io.out(values.json === true ? JSON.stringify({ imported }) : `${imported} readings imported.`)
    } finally {
      log.close()
      release()
    }
    return 0
  },
}
