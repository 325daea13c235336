/**
 * Packs the built api, worker and migrations, with the packages that they use, into one file each, `dist/processes/<name>.packed.js`.
 * A start then reads two files instead of 2,000, which takes a third of the CPU (docs/decisions/0029).
 * The command line for operators becomes a package of its own in `dist/arcadia`, which `npm pack` packs and which needs nothing else.
 * `npm run build` runs it after the compiler.
 * Options: `--watch` packs again whenever the compiler writes.
 */
import { context } from 'esbuild';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const built = (path) => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));

/** Packages that others ask for and can do without. */
const NEVER_INSTALLED = ['pg-native', '@nestjs/microservices', '@nestjs/websockets', '@fastify/*', 'class-transformer/storage'];

/** Packages that load on demand only, or find files beside themselves. */
const NOT_BUNDLED = [
  '@opentelemetry/sdk-*',
  '@opentelemetry/exporter-*',
  'swagger-ui-dist',
  'pdfmake',
  '#processes/print-thread',
  ...NEVER_INSTALLED,
];

/** Nest's packages make a `require` of their own, which would load a second copy of TypeORM from node_modules. They get that of the bundle. */
const ONE_COPY = {
  name: 'one-copy',
  setup: ({ onLoad }) =>
    onLoad({ filter: /node_modules[\\/]@nestjs[\\/].*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { contents: text.replace(/^const require = createRequire\(import\.meta\.url\);$/m, '') };
    }),
};

/** The command line has this file loaded already, as it has the kernel and the local stack, and compares the classes of their errors. */
const OF_COMMAND_LINE = {
  name: 'of-command-line',
  setup: ({ onResolve }) => onResolve({ filter: /\/command-line$/ }, () => ({ path: '../apps/cli/src/command-line.js', external: true })),
};

const PACKED = {
  outdir: built('processes'),
  entryNames: '[name].packed',
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
};
/** A thread begins with a file, whatever process it is started by. */
const threads = { 'print-thread': built('libs/features/tenant-billing/src/documents/print-thread.js') };
const processes = { api: built('apps/api/src/api-process.js'), worker: built('apps/worker/src/worker-process.js') };
const commands = { migrate: built('apps/cli/src/commands/migrate.js') };
const names = Object.keys({ ...processes, ...commands, ...threads });
const packed = [
  await context({ ...PACKED, entryPoints: { ...processes, ...threads } }),
  await context({
    ...PACKED,
    entryPoints: commands,
    external: [...NOT_BUNDLED, '#libs/kernel', '#libs/local-stack'],
    plugins: [ONE_COPY, OF_COMMAND_LINE],
  }),
];

const { version, license, engines } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
const commandLine = await context({
  entryPoints: { arcadia: built('apps/cli/src/arcadia/main.js') },
  outdir: built('arcadia'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  minify: true,
  define: { ARCADIA_VERSION: JSON.stringify(version) },
  banner: { js: '#!/usr/bin/env node' },
  logLevel: 'warning',
});
const bundles = [...packed, commandLine];

await writeLoaders();
if (process.argv.includes('--watch')) {
  await Promise.all(bundles.map((one) => one.watch()));
} else {
  await Promise.all(bundles.map((one) => one.rebuild()));
  await Promise.all(bundles.map((one) => one.dispose()));
  await describePackage();
}

async function writeLoaders() {
  await mkdir(built('processes'), { recursive: true });
  for (const name of names) {
    const loader = `module.exports = require('./${name}.packed.js');\n`;
    await writeFile(built(`processes/${name}.js`), loader);
  }
}

async function describePackage() {
  const description = 'Operates arcadia-cloud through its HTTP API';
  const bin = { arcadia: 'arcadia.js' };
  await mkdir(built('arcadia'), { recursive: true });
  await writeFile(
    built('arcadia/package.json'),
    `${JSON.stringify({ name: 'arcadia', version, description, license, engines, bin }, null, 2)}\n`,
  );
  await chmod(built('arcadia/arcadia.js'), 0o755);
}
