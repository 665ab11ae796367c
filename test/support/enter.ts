import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import type { Client } from './client.ts'

/** A browser of its own that the app lets in, as it does a person who has opened its link. */
export async function enterContext(
  browser: Browser,
  { cookie, origin }: Pick<Client, 'cookie' | 'origin'>,
  look: BrowserContextOptions = { viewport: { width: 1280, height: 800 } },
): Promise<BrowserContext> {
  const context = await browser.newContext(look)
  const [name, value] = cookie.split('=')
  await context.addCookies([{ name: name!, value: value!, url: origin }])
  return context
}

/** The same with one page, which shows nothing yet. */
export async function enterPage(...how: Parameters<typeof enterContext>): Promise<Page> {
  return (await enterContext(...how)).newPage()
}
