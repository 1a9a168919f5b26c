import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { gaps } from './build/gaps.ts'
import { worker } from './build/worker.ts'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: { alias: { '@': at('./src') } },
  plugins: [vue(), gaps(), worker('field/index.html', at('./src/field/sw.ts'), ['field/manifest.webmanifest', 'field/icon-192.png', 'icon.svg'])],
  build: {
    target: ['chrome80', 'safari13.1'], // telephones of grid workers are old, and so are browsers inside other programs
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
    manifest: true, // build/budget.mjs reads it
    rollupOptions: { input: { desk: at('./desk/index.html'), field: at('./field/index.html'), home: at('./home/index.html'), shop: at('./shop/index.html'), wall: at('./wall/index.html') } },
  },
  server: { host: '127.0.0.1', proxy: { '/api': process.env.GEZHI_API ?? 'http://127.0.0.1:8480' } },
  test: { include: ['src/**/*.test.ts'] },
})
