import type { MenuItemConstructorOptions } from 'electron'

const pages = [
  ['Health', '#/health'],
  ['Alerts', '#/alerts'],
  ['Devices', '#/devices'],
  ['Sync', '#/sync'],
  ['Connect', '#/connect'],
] as const

/** The menu of the application. Roles bring the words and keys that each system expects; the page's own keys stay the page's. */
export function menuTemplate(go: (hash: string) => void): MenuItemConstructorOptions[] {
  const mac = process.platform === 'darwin'
  return [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    { role: 'fileMenu' },
    { role: 'editMenu' },
    { label: 'Go', submenu: pages.map(([label, hash]) => ({ label, click: () => go(hash) })) },
    {
      label: 'View',
      submenu: [
        { role: 'reload' },
        { role: 'toggleDevTools' },
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'windowMenu' },
  ]
}
