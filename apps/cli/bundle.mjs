/**
 * Packs the built api and worker, with the packages that they use, into one file each: `dist/processes/<name>.js`. A start then reads one
 * file instead of 2,000, which takes half the time (docs/decisions/0029). `npm run build` runs it after the compiler.
 * Options: `--watch` packs again whenever the compiler writes.
 */
import { context } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const built = (path) => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));

/** Packages that others ask for and can do without. */
const NEVER_INSTALLED = ['pg-native', '@nestjs/microservices', '@nestjs/websockets', '@fastify/*', 'class-transformer/storage'];

/** Packages that load on demand only, or find files beside themselves. */
const NOT_BUNDLED = ['@opentelemetry/sdk-*', '@opentelemetry/exporter-*', 'swagger-ui-dist', ...NEVER_INSTALLED];

/** Nest's packages make a `require` of their own, which would load a second copy of TypeORM from node_modules. They get that of the bundle. */
const ONE_COPY = {
  name: 'one-copy',
  setup: ({ onLoad }) =>
    onLoad({ filter: /node_modules[\\/]@nestjs[\\/].*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { contents: text.replace(/^const require = createRequire\(import\.meta\.url\);$/m, '') };
    }),
};

const bundle = await context({
  entryPoints: { api: built('apps/api/src/api-process.js'), worker: built('apps/worker/src/worker-process.js') },
  outdir: built('processes'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  external: NOT_BUNDLED,
  plugins: [ONE_COPY],
  // No `keepNames`: it would wrap each function that a request creates. Only names that occur in two modules of ES packages change.
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: 'linked',
  sourcesContent: false,
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  logLevel: 'warning',
  logOverride: { 'require-resolve-not-external': 'silent' }, // of external packages and of files that exist
});

if (process.argv.includes('--watch')) {
  await bundle.watch();
} else {
  await bundle.rebuild();
  await bundle.dispose();
}
