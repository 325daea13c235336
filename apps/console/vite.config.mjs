import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** `npm run console:dev` serves the console with hot reload, and the api behind it as one origin. */
const API = process.env.ARCADIA_API ?? 'http://127.0.0.1:4005';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/console/',
  build: {
    outDir: fileURLToPath(new URL('../../dist/console', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    manifest: 'manifest.json',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: { onwarn: (warning, warn) => warning.code !== 'MODULE_LEVEL_DIRECTIVE' && warn(warning) }, // "use client" means nothing here
  },
  // The api compares the origin of a change with the host that it was sent to, so the host stays as the browser sent it.
  server: { proxy: { '/api': { target: API, changeOrigin: false }, '/console/session': { target: API, changeOrigin: false } } },
});
