// A browser as WeChat brings its own along: pages open inside another program, without service
// workers, without messages pushed to it, without windows of their own, and on older telephones
// without what newer engines learnt.
import type { Browser, Page } from '@playwright/test'

export async function wechat(browser: Browser): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 360, height: 740 }, locale: 'zh-CN', hasTouch: true, isMobile: true, serviceWorkers: 'block',
    userAgent: 'Mozilla/5.0 (Linux; Android 10; SAMPLE-1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/86.0 XWEB/4275 MMWEBSDK/20220505 Mobile Safari/537.36 MicroMessenger/8.0.23 Language/zh_CN',
  })
  await context.addInitScript(() => {
    for (const name of ['PushManager', 'Notification', 'BarcodeDetector', 'MediaRecorder', 'structuredClone']) delete (window as unknown as Record<string, unknown>)[name]
    for (const name of ['serviceWorker', 'share', 'clipboard', 'locks', 'wakeLock']) delete (Navigator.prototype as unknown as Record<string, unknown>)[name]
    for (const [from, name] of [[HTMLDialogElement.prototype, 'showModal'], [Array.prototype, 'at'], [Array.prototype, 'findLast'], [String.prototype, 'at'], [String.prototype, 'replaceAll'], [Object, 'hasOwn'], [Crypto.prototype, 'randomUUID']] as const) delete (from as unknown as Record<string, unknown>)[name]
    window.open = () => null
    window.confirm = () => false
    window.print = () => undefined
  })
  return context.newPage()
}
