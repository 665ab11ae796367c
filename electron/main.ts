import { openShell } from './shell.ts'

delete process.env.DEBUG // with it the MQTT library would write each packet to stderr, passwords too
// Not awaited: Electron is not ready before this module has been run to its end, so waiting for it here would be for ever.
void openShell(process.argv, process.defaultApp === true)
