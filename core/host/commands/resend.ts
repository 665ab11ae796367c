import { secretName, variableOf } from '../../config/secrets.ts'
import type { SpanCount } from '../../contract/calls.ts'
import { previewResend, resend as send } from '../../sync/resend.ts'
import { type Command, type Io, parse } from '../command.ts'
import { takeLock } from '../lock.ts'
import { aboutOne, openAsked, tenths } from '../one-destination.ts'
import { defaultDataDir } from '../paths.ts'

const usage = `--destination NAME [--data DIR] [--from FROM] [--to TO] [--aside] [--send] [--json]

  --destination NAME  which one, as the configuration names it
  --data DIR          data directory (default: ${defaultDataDir()})
  --from FROM         a log offset, or a time as 2026-11-24T14:00Z (default: where it began to be sent, or the log begins)
  --to TO             the same; that record itself is not sent (default: what is confirmed)
  --aside             only readings that the cluster would not take; alerts are sent again from the Sync page
  --send              send them; without it they are only counted
  --json              the count, or what was sent, as one line of JSON

Each record carries the header edge-resend. Counting works while the program runs; to send, stop it, or use its Sync page.
A password that the desktop app keeps is given as ${variableOf(secretName('destination', 'NAME'))}.`

const options = {
  ...aboutOne,
  aside: { type: 'boolean', default: false },
  send: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

export const resend: Command = {
  name: 'resend',
  summary: 'Send a range of the log to a Kafka once more, marked so that receivers can tell; first say how much it is',
  usage,
  run: async (args, io) => {
    const { values } = parse(args, options, 'no files')
    const { name, data, how: asked } = await openAsked(values)
    let release = (): void => {}
    try {
      if (values.send) release = takeLock(data)
      const how = { ...asked, asideOnly: values.aside }
      const counted = await previewResend(how)
      if (!values.send) return said(io, values.json, counted, countWords(name, counted))
      io.err(countWords(name, counted))
      const job = await send(
        how,
        tenths((text) => io.err(text)),
      )
      return said(io, values.json, job, `sent ${job.records} records again to "${name}", marked edge-resend: ${job.id}`)
    } finally {
      asked.reader.close()
      release()
    }
  },
}

function said(io: Io, json: boolean, value: unknown, words: string): 0 {
  io.out(json ? JSON.stringify(value) : words)
  return 0
}

function countWords(name: string, { from, to, records, bytes, exact }: SpanCount): string {
  const about = exact ? '' : 'about '
  const size = bytes === 0 ? '' : `, ${about}${(bytes / 1e6).toFixed(1)} MB`
  return `"${name}", log offsets ${from} to ${to - 1}: ${about}${records} records${size}`
}
