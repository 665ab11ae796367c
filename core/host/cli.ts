#!/usr/bin/env node
// Says so before anything is loaded: on an older Node the database library ends the process without a word.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  process.stderr.write(
    `Fieldwatch needs Node 24 or newer, and this is ${process.versions.node}. "npm start" gets the right one by itself.\n`,
  )
  process.exit(1)
}
delete process.env.DEBUG // with it the MQTT library would write each packet to stderr, passwords too
const { runCli } = await import('./run-cli.ts')
process.exitCode = await runCli(process.argv.slice(2))

export {}
