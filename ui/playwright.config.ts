import { defineConfig } from '@playwright/test'

const workers = 2
// each worker has a server of its own, whose county its tests change
const port = (worker: number) => Number(process.env.UI_PORT ?? 18491) + 2 * worker

export default defineConfig({
  testDir: 'e2e',
  workers,
  fullyParallel: true,
  retries: Number(process.env.RETRY ?? 0), // what passes at the second try only is named at the end of `make test`: it has a race
  timeout: 90_000, // generous: what is slow is not wrong
  expect: { timeout: 15_000 },
  reporter: 'list',
  outputDir: 'test-results',
  webServer: Array.from({ length: workers }, (_, worker) => ({ command: `node e2e/mock.mjs ${port(worker)}`, url: `http://127.0.0.1:${port(worker)}/desk/`, reuseExistingServer: false })),
  use: {
    baseURL: `http://127.0.0.1:${port(Number(process.env.TEST_PARALLEL_INDEX ?? 0))}`,
    locale: 'zh-CN',
    timezoneId: 'America/New_York', // times are shown in China Standard Time wherever the screen stands
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--enable-unsafe-swiftshader'],
    },
  },
})
