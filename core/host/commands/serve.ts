import { resolve } from 'node:path'
import type { Command, Io } from '../command.ts'
import { parse, wholeNumber } from '../command.ts'
import type { Host, HostOptions } from '../host.ts'
import { startHost } from '../host.ts'
import { packageVersion } from '../package.ts'
import { defaultDataDir } from '../paths.ts'
import { onAskedToEnd } from '../signals.ts'

const options = {
  data: { type: 'string' },
  port: { type: 'string' },
  config: { type: 'string' },
  demo: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

const usage = `[--data DIR] [--port N] [--config FILE] [--demo] [--json]

  --data DIR     where log, views and configuration live (default: ${defaultDataDir()})
  --port N       port of the page on 127.0.0.1; 0 takes any free one
  --config FILE  configuration, a file that is there (default: config.json in the data directory)
  --demo         run the built-in demo plant
  --json         first line {"event":"ready","url":"..."}`

export const serve: Command = {
  name: 'serve',
  summary: 'Run without a window, and print the link of the page',
  usage,
  run: (args, io) => run(args, io, undefined),
}

export const start: Command = {
  name: 'start',
  summary: 'The same, with the demo plant when nothing is configured',
  usage,
  run: (args, io) => run(args, io, 'when-empty'),
}

async function run(args: readonly string[], io: Io, demo: HostOptions['demo']): Promise<0> {
  const { values } = parse(args, options, 'no files')
  const wanted = values.demo === true ? 'always' : demo
  const host = await startHost({
    dataDir: resolve(values.data ?? defaultDataDir()),
    version: packageVersion(),
    page: { port: wholeNumber('port', values.port, 65_535) },
    ...(values.config === undefined ? {} : { configFile: resolve(values.config) }),
    ...(wanted === undefined ? {} : { demo: wanted }),
  })
  const asked = Promise.withResolvers<void>()
  onAskedToEnd(asked.resolve)
  announce(host, io, values.json === true)
  await asked.promise
  io.err('Stopping. What was captured is kept.')
  await host.stop()
  return 0
}

function announce(host: Host, io: Io, json: boolean): void {
  const url = host.url()
  io.out(
    json
      ? JSON.stringify({ event: 'ready', url })
      : `Fieldwatch is running. Open this link in a browser on this machine (it works once):\n${url}\n"fieldwatch link" prints another one. Ctrl+C stops it.`,
  )
  for (const { thread, message } of host.stopped()) io.err(`The ${thread} thread could not start: ${message}`)
}
