import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // Files name each other by where they lie: the server says below which path that is.
  base: './',
  // The largest chunks are mermaid's, and loaded for a diagram alone.
  build: {
    outDir: '../dist/client',
    emptyOutDir: true,
    target: 'es2022',
    manifest: true,
    chunkSizeWarningLimit: 1024,
    // It changes less often than what uses it.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'network-layout', test: /@dagrejs/ }] } } },
  },
  // What it prints names paths and progress that nobody asked for.
  logLevel: 'warn',
})
