import { defineConfig } from '@playwright/test'

const port = Number(process.env.UI_PORT ?? 18491)

export default defineConfig({
  testDir: 'e2e',
  workers: 1,
  timeout: 30_000,
  reporter: 'list',
  outputDir: 'test-results',
  webServer: { command: `node e2e/mock.mjs ${port}`, url: `http://127.0.0.1:${port}/desk/`, reuseExistingServer: false },
  use: {
    baseURL: `http://127.0.0.1:${port}`,
    locale: 'zh-CN',
    timezoneId: 'America/New_York', // times are shown in China Standard Time wherever the screen stands
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--enable-unsafe-swiftshader'],
    },
  },
})
