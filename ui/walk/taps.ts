// How many taps or clicks somebody needed, and how long a slow hand takes for what was typed.
import type { BrowserContext, Page } from '@playwright/test'

/** Counts real presses and typed characters in every page of a context; opened pages are counted from their next document. */
export async function counted(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const more = (key: string, n: number) => (sessionStorage[key] = Number(sessionStorage[key] ?? 0) + n)
    addEventListener('pointerdown', e => void (e.isTrusted && more('test.taps', 1)), true)
    let before = 0
    addEventListener('focusin', e => void (before = (e.target as HTMLInputElement).value?.length ?? 0), true)
    addEventListener('input', e => {
      const now = (e.target as HTMLInputElement).value?.length ?? 0
      if (!(e.target as Element).matches('select')) more('test.typed', Math.max(0, now - before))
      before = now
    }, true)
  })
}
/** since the last call, or since the page was opened */
export async function since(page: Page): Promise<{ taps: number; typed: number }> {
  const got = await page.evaluate(() => ({ taps: Number(sessionStorage['test.taps'] ?? 0), typed: Number(sessionStorage['test.typed'] ?? 0) }))
  await page.evaluate(() => ['test.taps', 'test.typed'].forEach(k => sessionStorage.removeItem(k)))
  return got
}
