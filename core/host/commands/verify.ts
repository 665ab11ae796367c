import { resolve } from 'node:path'
import { verify as verifyLog } from '../../log/verify.ts'
import type { Command } from '../command.ts'
import { parse } from '../command.ts'
import { defaultDataDir, placesIn } from '../paths.ts'

const usage = `[--data DIR] [--json]

  --data DIR  data directory; it may be in use (default: ${defaultDataDir()})
  --json      the report as one line of JSON`

export const verify: Command = {
  name: 'verify',
  summary: 'Read the whole log: checksums, offsets without holes, finished files as they were finished',
  usage,
  run: async (args, io) => {
    const { values } = parse(args, { data: { type: 'string' }, json: { type: 'boolean' } }, 'no files')
    const dir = placesIn(resolve(values.data ?? defaultDataDir())).log
    const report = await verifyLog(dir)
    if (values.json === true) io.out(JSON.stringify(report))
    else {
      for (const { file, offset, message } of report.problems)
        io.out(`${file}${offset === null ? '' : ` at ${offset}`}: ${message}`)
      io.out(
        `${report.records} records in ${report.segments} files (${report.bytes} bytes), offsets ${report.base} to ${report.head}: ` +
          (report.problems.length === 0
            ? 'everything is there and reads as it was written.'
            : `${report.problems.length} problems.`),
      )
    }
    return report.problems.length === 0 ? 0 : 1
  },
}
