import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  build: { outDir: '../dist/client', emptyOutDir: true, target: 'es2022', manifest: true },
  // What it prints names paths and progress that nobody asked for.
  logLevel: 'warn',
})
