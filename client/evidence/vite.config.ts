import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** The map of a bundle of evidence as one script and one style, which are put into a page that stands alone. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  publicDir: false,
  build: {
    outDir: '../../dist/pages',
    emptyOutDir: true,
    target: 'es2022',
    lib: {
      entry: 'evidence.tsx',
      formats: ['iife'],
      name: 'evidence',
      fileName: () => 'evidence.js',
      cssFileName: 'evidence',
    },
  },
  logLevel: 'warn',
})
