import { openShell } from './shell.ts'

// Not awaited: Electron is not ready before this module has been run to its end, so waiting for it here would be for ever.
void openShell(process.argv, process.defaultApp === true)
