// Walks through the whole binary: the sample county on a fresh database, as people use it.
import { defineConfig } from '@playwright/test'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pages from './playwright.config'

const port = Number(process.env.WALK_PORT ?? 18492)
const data = process.env.WALK_DATA ?? (process.env.WALK_DATA = mkdtempSync(join(tmpdir(), 'gezhi-walk-')))

const { webServer: _, ...shared } = pages // they are answered by a stand-in, walks by the binary

export default defineConfig(shared, {
  testDir: 'walk',
  workers: 1, // they share one county
  fullyParallel: false,
  timeout: 90_000,
  webServer: { command: `../bin/gezhi -demo -log warn -addr 127.0.0.1:${port} -data ${data}`, url: `http://127.0.0.1:${port}/openapi.json`, reuseExistingServer: false, timeout: 120_000 },
  use: { ...pages.use, baseURL: `http://127.0.0.1:${port}` },
})
