import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { _electron } from 'playwright-core'
import { expect, test } from 'vitest'
import { tempDir } from '../support/temp-dir.ts'

// The built app in the real Electron, wherever its binary and a display are.

const root = join(import.meta.dirname, '../..')
const program = electronProgram()
const display = process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
const built = existsSync(join(root, 'dist/electron/main.js')) && existsSync(join(root, 'dist/renderer/index.html'))

test.skipIf(program === null || !display || !built)(
  'needs the Electron binary: the window opens, reaches the core over its port, stays isolated, and quits in order',
  { timeout: 120_000 },
  async () => {
    const dir = tempDir()
    const source = { name: 'plant-a', url: 'mqtt://127.0.0.1:9', topics: ['#'] } // nobody listens on the discard port
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ site: 'Dairy 9', sources: [source] }))
    const shell = await _electron.launch({
      executablePath: program!,
      args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), root, '--data', dir],
    })
    const page = await shell.firstWindow()
    await page.getByRole('navigation').first().waitFor()
    expect(page.url()).toMatch(/^fieldwatch:\/\/app\//)
    expect(await page.evaluate(() => [typeof Reflect.get(globalThis, 'require'), window.open('about:blank')])).toEqual([
      'undefined',
      null,
    ])
    await page.getByText('Dairy 9').first().waitFor() // only the core knows that
    expect(existsSync(join(dir, 'lock.json'))).toBe(true)
    const ended = new Promise((resolve) => shell.process().once('exit', resolve))
    await shell.evaluate(({ app }) => app.quit()).catch(() => undefined) // the answer may not come back from what has quit
    expect(await ended).toBe(0)
    expect(existsSync(join(dir, 'lock.json'))).toBe(false)
  },
)

function electronProgram(): string | null {
  const folder = join(root, 'node_modules/electron')
  const path = join(folder, 'path.txt')
  const name = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return name !== '' && existsSync(join(folder, 'dist', name)) ? join(folder, 'dist', name) : null
}
