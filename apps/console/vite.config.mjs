import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** `npm run console:dev` serves the console with hot reload, and the api behind it as one origin. */
const API = process.env.ARCADIA_API ?? 'http://127.0.0.1:4005';

/**
 * `import icon from 'tabler:circle-check'`: one icon of the set, as a React component. The set is one file, of which only the imported icons
 * reach the browser.
 */
const tablerIcons = () => {
  const module = fileURLToPath(new URL('src/parts/icon.tsx', import.meta.url));
  const set = readFile(createRequire(import.meta.url).resolve('@iconify-json/tabler/icons.json'), 'utf8').then(JSON.parse);
  // The component says how lines are drawn, for all icons alike.
  const ofLines = / (fill="none"|stroke="currentColor"|stroke-linecap="round"|stroke-linejoin="round"|stroke-width="2")/g;
  return {
    name: 'tabler-icons',
    resolveId: (id) => (id.startsWith('tabler:') ? `\0${id}` : undefined),
    async load(id) {
      if (!id.startsWith('\0tabler:')) return undefined;
      const name = id.slice('\0tabler:'.length);
      const { icons, aliases } = await set;
      const icon = icons[name] ?? icons[aliases?.[name]?.parent];
      if (!icon) throw new Error(`The set of Tabler has no icon ${name}`);
      return `import { iconOf } from ${JSON.stringify(module)};\nexport default /* @__PURE__ */ iconOf(${JSON.stringify(icon.body.replaceAll(ofLines, ''))});`;
    },
  };
};

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/console/',
  plugins: [tablerIcons()],
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
