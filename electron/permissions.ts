import { session } from 'electron'
import { isOurs } from './protocol.ts'

const allowed: readonly string[] = ['clipboard-sanitized-write', 'notifications']

/** Electron grants everything unless it is told otherwise, both when a page asks and when it looks. */
export function limitPermissions(): void {
  const may = (permission: string, url: string) => allowed.includes(permission) && isOurs(url)
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer, { requestingUrl }) =>
    answer(may(permission, requestingUrl)),
  )
  session.defaultSession.setPermissionCheckHandler((_contents, permission, origin) => may(permission, origin))
}
