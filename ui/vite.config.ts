import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: { alias: { '@': at('./src') } },
  plugins: [vue()],
  build: {
    target: ['es2022', 'chrome94', 'safari15.4'],
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
    manifest: true, // build/budget.mjs reads it
    rollupOptions: { input: { desk: at('./desk/index.html'), home: at('./home/index.html') } },
  },
  server: { host: '127.0.0.1', proxy: { '/api': process.env.GEZHI_API ?? 'http://127.0.0.1:8480' } },
  test: { include: ['src/**/*.test.ts'] },
})
