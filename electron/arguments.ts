import { resolve } from 'node:path'
import { parse, WrongUse, wholeNumber } from '../core/host/command.ts'
import { defaultDataDir } from '../core/host/paths.ts'

/** What `fieldwatch start` takes, and a link that the system was asked to open. */
export interface Arguments {
  readonly dataDir: string
  readonly configFile: string | null
  readonly demo: boolean
  /** Serve the page to a browser as well. */
  readonly port: number | null
  readonly json: boolean
  readonly link: string | null
}

const options = {
  data: { type: 'string' },
  port: { type: 'string' },
  config: { type: 'string' },
  demo: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

// Chromium reads its switches from the same line, and desktop files and test drivers put some there.
const chromium =
  /^--(no-|disable-|enable-|force-|ozone-|inspect|remote-debugging-|user-data-dir|password-store|lang|proxy-|original-process-)/

/** The arguments after the program; run from a folder, Electron is given that folder before ours. */
export function ownArguments(argv: readonly string[], fromFolder: boolean): readonly string[] {
  return argv.filter((arg) => !chromium.test(arg)).slice(fromFolder ? 2 : 1)
}

/** Throws WrongUse in words, so that a slip of the pen does not open another data directory. */
export function readArguments(own: readonly string[]): Arguments {
  const { values, files } = parse(own, options, 'files')
  const stray = files.find((file) => !file.startsWith('fieldwatch:'))
  if (stray !== undefined)
    throw new WrongUse(`"${stray}" is neither an option nor a fieldwatch: link; see "fieldwatch start --help"`)
  return {
    dataDir: resolve(values.data ?? defaultDataDir()),
    configFile: values.config === undefined ? null : resolve(values.config),
    demo: values.demo === true,
    port: wholeNumber('port', values.port, 65_535),
    json: values.json === true,
    link: files[0] ?? null,
  }
}
