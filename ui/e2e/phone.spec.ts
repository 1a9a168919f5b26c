// The desk in one hand, and its map: what a village cadre has between two errands.
import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type Page } from '@playwright/test'

const test = base.extend<{ desk: Page }>({
  desk: async ({ page }, use) => {
    await page.request.post('/test', { data: { reset: true } })
    await page.request.post('/api/v1/session', { data: { login: 'sample', password: 'sample' } })
    await use(page)
  },
})
const clean = async (page: Page) => expect((await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()).violations.map(v => `${v.id} ${v.nodes[0]?.html}`)).toEqual([])

for (const [width, scheme, language] of [[360, 'light', 'zh'], [390, 'dark', 'en']] as const)
  test(`five entries stand below and the others one tap away: ${width} px, ${scheme}, ${language}`, async ({ desk }, info) => {
    await desk.setViewportSize({ width, height: 780 })
    await desk.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    await desk.goto('/desk/?queue=all')
    await expect(desk.locator('.queue-table tbody tr').first()).toBeVisible()
    if (language === 'en') await desk.getByRole('button', { name: 'English' }).click()
    const entries = desk.locator('.rail a:visible, .rail button:visible')
    await expect(entries).toHaveCount(5)
    for (const box of await entries.evaluateAll(all => all.map(e => e.getBoundingClientRect().toJSON()))) expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(56)
    for (const box of await desk.locator('.filters select').evaluateAll(all => all.map(e => ({ has: e.clientWidth, height: e.clientHeight })))) {
      expect(box.has).toBeGreaterThan(80) // what is chosen can be read
      expect(box.height).toBeGreaterThanOrEqual(42)
    }
    await desk.screenshot({ path: info.outputPath('queue.png') })
    await clean(desk)
    const more = desk.getByRole('button', { name: language === 'en' ? 'More' : '更多', exact: true })
    await expect(more).toHaveAttribute('aria-expanded', 'false')
    await more.click()
    await expect(more).toHaveAttribute('aria-expanded', 'true')
    expect(await entries.count()).toBeGreaterThan(8)
    await desk.screenshot({ path: info.outputPath('more.png') })
    await clean(desk)
    await more.press('Escape')
    await expect(entries).toHaveCount(5)
    await more.click()
    await desk.locator('.rail').getByRole('link', { name: language === 'en' ? 'Account' : '账号', exact: true }).click()
    await expect(desk).toHaveURL(/account/)
    await expect(entries).toHaveCount(5) // who has gone somewhere needs them no longer
    expect(await desk.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
  })
