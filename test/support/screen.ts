import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { openClient, startApp } from './app.ts'
import { chromiumArgs, chromiumPath } from './chromium.ts'
import type { Client } from './client.ts'
import { enterPage } from './enter.ts'

/** A running app, somebody who calls it, and a page that it lets in. */
export interface Screen {
  readonly api: Client
  readonly page: Page
  /** Ends all of it. */
  close(): Promise<void>
}

/** Of `fieldwatch serve` with these arguments; what has begun ends where the rest cannot. */
export async function openScreen(
  args: readonly string[],
  { env = {}, look }: { readonly env?: NodeJS.ProcessEnv; readonly look?: BrowserContextOptions } = {},
): Promise<Screen> {
  await using begun = new AsyncDisposableStack()
  const app = await startApp(args, 'serve', env)
  begun.defer(async () => void (await app.stop()))
  const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs })
  begun.defer(() => browser.close())
  const api = begun.adopt(await openClient(app), async (client) => client.close())
  const page = await enterPage(browser, api, look)
  const all = begun.move()
  return { api, page, close: () => all.disposeAsync() }
}
