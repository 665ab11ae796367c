import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Both hosts serve this one build under a strict policy: nothing inline, every file from the same place. */
export default defineConfig({
  root: folder('.'),
  base: './',
  plugins: [react()],
  build: {
    outDir: folder('../dist/renderer'),
    emptyOutDir: true,
    target: 'es2024',
    assetsInlineLimit: 0, // `font-src 'self'` forbids data: URLs
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800, // kB before compression; what travels is bounded by test/renderer/budget.test.ts
  },
  server: { host: '127.0.0.1' },
})
