/**
 * Builds the console into `dist/console`, with a `.gz` beside every script and style. `npm run build` runs it after the compiler. A console
 * whose sources and packages have not changed since the last build is kept.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const from = (path) => fileURLToPath(new URL(path, import.meta.url));
const output = from('../../dist/console');
const note = join(output, '.built');

const signature = sourcesSignature();
if (read(note) !== signature) {
  const { build } = await import('vite');
  await build({ configFile: from('vite.config.mjs'), logLevel: 'warn' });
  compress(join(output, 'assets'));
  writeFileSync(note, signature);
}

/** The content of every source, and the versions of the packages. */
function sourcesSignature() {
  const files = readdirSync(from('.'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash('sha256');
  for (const file of [...files, from('../../package-lock.json')]) hash.update(file).update(readFileSync(file));
  return hash.digest('hex');
}

function compress(folder) {
  for (const name of readdirSync(folder)) {
    if (!/\.(js|css)$/.test(name)) continue;
    writeFileSync(join(folder, `${name}.gz`), gzipSync(readFileSync(join(folder, name)), { level: 9 }));
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
