/**
 * Compiles the sources of the api, the worker, the simulator, the command line and the libraries into `dist`, one file each, by swc. It
 * checks no types: `npm run lint` does, in a tenth of the time that the TypeScript compiler takes to write the same files. Only sources
 * that changed since their output was written are compiled. `npm run build` runs it first.
 * Options: `--watch` compiles again whenever a source is saved.
 */
import { transformFile } from '@swc/core';
import { watch } from 'node:fs';
import { copyFile, mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['apps', 'libs'];
const NOT_COMPILED = `apps${path.sep}console${path.sep}`;
const options = {
  cwd: ROOT,
  swcrc: true,
  // What is loaded on demand may be an ES module, so `import()` stays what it is, and the names of exports are written so that it finds them.
  module: { type: 'commonjs', ignoreDynamic: true, exportInteropAnnotation: true },
};

/** A change of these files changes every output. */
const SETTINGS = ['.swcrc', 'package-lock.json', 'apps/cli/compile.mjs'];
const settledAtMs = Math.max(...(await Promise.all(SETTINGS.map((file) => stat(path.join(ROOT, file))))).map(({ mtimeMs }) => mtimeMs));

const failed = await compileAll(await sources());
if (process.argv.includes('--watch')) {
  for (const folder of FOLDERS)
    watch(path.join(ROOT, folder), { recursive: true }, (_event, name) => {
      const file = path.join(folder, name ?? '');
      if (isSource(file)) void compileAll([file]);
    });
} else if (failed > 0) {
  process.exitCode = 1;
}

async function sources() {
  const listed = await Promise.all(FOLDERS.map((folder) => readdir(path.join(ROOT, folder), { recursive: true, withFileTypes: true })));
  return listed
    .flat()
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    .filter(isSource);
}

function isSource(file) {
  return /\.(ts|json)$/.test(file) && !/\.(spec|d)\.ts$/.test(file) && !file.startsWith(NOT_COMPILED);
}

/** The number of sources that could not be compiled. Each is named on stderr with the place. */
async function compileAll(files) {
  const done = await Promise.allSettled(files.map(compile));
  const errors = done.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  for (const error of errors) process.stderr.write(`${error.message}\n`);
  return errors.length;
}

/** The output gets the time of its source, so that a source that is replaced by an older one is compiled too. */
async function compile(file) {
  const source = path.join(ROOT, file);
  const output = path.join(ROOT, 'dist', file.replace(/\.ts$/, '.js'));
  const [{ atime, mtime }, written] = await Promise.all([stat(source), stat(output).catch(() => undefined)]);
  if (written && written.mtime.getTime() === mtime.getTime() && written.ctimeMs > settledAtMs) return;
  await mkdir(path.dirname(output), { recursive: true });
  if (file.endsWith('.json')) await copyFile(source, output);
  else {
    const { code, map } = await transformFile(file, { ...options, sourceFileName: path.relative(path.dirname(output), source) });
    await writeFile(`${output}.map`, map);
    await writeFile(output, `${code}\n//# sourceMappingURL=${path.basename(output)}.map\n`);
  }
  await utimes(output, atime, mtime);
}
