import AxeBuilder from '@axe-core/playwright'
import { expect, test } from '@playwright/test'

test.beforeEach(async ({ page, request }) => {
  await request.post('/test', { data: { reset: true } })
  await page.request.post('/api/v1/session', { data: { login: 'sample', password: 'sample' } })
})

test('files of a case are looked at; the original for a purpose; a flag asks, and is answered', async ({ page, request }, info) => {
  const clean = async () => {
    const found = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
    expect(found.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => v.id)).toEqual([])
  }
  await page.goto('/desk/cases/c1')
  const section = page.locator('.evidence')
  await expect(section.locator('img')).toHaveCount(1)
  await expect(section.locator('img')).toHaveAttribute('src', '/api/v1/files/f1?form=thumb')
  await expect(section).toContainText('疑似重复使用')
  await expect(section.locator('audio')).toHaveAttribute('src', '/api/v1/files/f3')
  await clean()
  await section.getByRole('button', { name: '查看 现场照片 1' }).click()
  const sheet = page.getByRole('dialog')
  await expect(sheet.locator('img')).toHaveAttribute('src', '/api/v1/files/f1')
  await expect(sheet).toContainText('复制件，已去除拍摄地点')
  await expect(sheet.getByRole('link', { name: 'S26102' })).toBeVisible()
  await clean()
  await sheet.getByRole('button', { name: '没有问题' }).click()
  await expect(sheet).toContainText('已核查：没有问题')
  await sheet.getByRole('button', { name: '下一份' }).click()
  await expect(sheet).toContainText('须说明用途后方可查看')
  await expect(sheet.locator('img')).toHaveCount(0)
  await sheet.getByRole('button', { name: '查看原件' }).click()
  await expect(sheet.getByRole('button', { name: '查看', exact: true })).toBeDisabled()
  await sheet.getByLabel('联系').check()
  await sheet.getByRole('button', { name: '查看', exact: true }).click()
  await expect(sheet.locator('img')).toHaveAttribute('src', /^blob:/)
  await expect(sheet).toContainText('经度 119.57320')
  const { log } = await (await request.post('/test', { data: {} })).json()
  expect(log.filter((x: { route: string }) => x.route.includes('unmask'))).toEqual([{ route: 'POST /files/f2/unmask', purpose: 'contact' }])
  await page.setViewportSize({ width: 360, height: 720 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  await page.screenshot({ path: info.outputPath('phone.png') })
})

test('a large file is sent in parts, goes on after a cut, and says how far it is', async ({ page }) => {
  const size = 2_500_000
  let arrived = 0
  let cuts = 0
  const asked: string[] = []
  await page.route('**/api/v1/uploads**', async route => {
    const r = route.request()
    const offset = r.headers()['upload-offset']
    asked.push(r.method() + (offset ? ' ' + offset : ''))
    const headers = { 'Tus-Resumable': '1.0.0', 'Upload-Offset': String(arrived), Location: '/api/v1/uploads/u1' }
    if (r.method() === 'POST' && r.url().endsWith('/file')) return route.fulfill({ status: 201, json: { id: 'f7', name: '大照片.jpg', kind: 'picture', type: 'image/jpeg', size } })
    if (r.method() === 'POST') return route.fulfill({ status: 201, headers: { ...headers, 'Upload-Offset': '' } })
    if (r.method() === 'HEAD') return route.fulfill({ status: 200, headers })
    if (arrived > 0 && cuts++ === 0) {
      arrived += 300_000 // a part of the part came through before the cut
      return route.abort('connectionreset')
    }
    arrived = Math.min(size, Number(offset) + (r.postDataBuffer()?.length ?? 0))
    await route.fulfill({ status: 204, headers: { ...headers, 'Upload-Offset': String(arrived) } })
  })
  await page.goto('/desk/cases/c1')
  await page.locator('.actions').getByRole('button', { name: '办结送核' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.locator('input[type=file]').setInputFiles({ name: '大照片.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(size, 7) })
  await expect(sheet.getByText(/已传 \d+%/)).toBeVisible()
  await expect(sheet.locator('progress')).toBeVisible()
  await expect(sheet.getByRole('button', { name: '移除' })).toBeVisible()
  await expect.poll(() => asked).toEqual(['POST', 'PATCH 0', 'PATCH 1048576', 'HEAD', 'PATCH 1348576', 'PATCH 2397152', 'POST'])
  await expect.poll(() => page.evaluate(() => Object.keys(localStorage).filter(k => k.startsWith('upload/')))).toEqual([])
})
