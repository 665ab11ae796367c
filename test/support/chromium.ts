import { findProgram, part } from './parts.ts'

const program = findProgram('chromium') ?? findProgram('chromium-browser') ?? findProgram('google-chrome')

/** For `describe.skipIf(!hasChromium)`. */
export const hasChromium = part('Chromium', program !== null, 'on Debian: apt-get install chromium')

/** For playwright's `executablePath`; empty when there is none. */
export const chromiumPath = program ?? ''

/** Works as root in a container, and reaches for nothing outside of this machine. */
export const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
