/** `node -r run-typescript.cjs file.ts`: runs the sources as jest does, in a process of its own that a test can kill. */
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { transformSync } = require('@swc/core');
const { imports } = require('../../package.json');

const root = join(__dirname, '..', '..');
const resolve = Module._resolveFilename;
Module._resolveFilename = function resolveFilename(request, ...rest) {
  const built = imports[request];
  // A file that is packed for a thread or process has several places, and is resolved as usual.
  return resolve.call(this, typeof built === 'string' ? join(root, built.replace('./dist/', '').replace(/\.js$/, '.ts')) : request, ...rest);
};
Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), { filename, root, swcrc: true, sourceMaps: 'inline' });
  module._compile(code, filename);
};
