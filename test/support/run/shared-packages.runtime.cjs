'use strict';
const { default: Runtime } = require('jest-runtime');
const { createRequire } = require('node:module');
const { dirname, join } = require('node:path');
const { compileFunction } = require('node:vm');

/** Packages that know the running spec file are loaded for each file, as usual. */
const PACKAGE = /\/node_modules\/(?!@?jest|expect\/)/;
const ROOT = join(__dirname, '../../..');
const isSource = (path) => /^\/(apps|libs)\/.*(?<!\.spec)\.ts$/.test(path.slice(ROOT.length)) && path.startsWith(ROOT);

/** The modules of the product that this process has loaded, by path. */
const sources = new Map();
/** The runtime of the running spec file. */
let current;

/**
 * Loads each package and each module of the product once per process. Jest's own way evaluates all of them anew for each spec file: about
 * three seconds of CPU a file, half of the whole run. Specs and what they share in `test` are still loaded for each file.
 */
module.exports = class SharedModulesRuntime extends Runtime {
  constructor(...given) {
    super(...given);
    current = this; // eslint-disable-line @typescript-eslint/no-this-alias
    const { cjsLoader, executor } = this;
    const requireModule = cjsLoader.requireModule.bind(cjsLoader);
    cjsLoader.requireModule = (from, moduleName, options, isActual) => {
      if (moduleName !== undefined && !options?.isInternalModule && !moduleName.startsWith('node:')) {
        const path = this._resolution.resolveCjs(from, moduleName);
        if (PACKAGE.test(path)) return createRequire(from)(path);
        if (isSource(path)) return sourceModule(path);
      }
      return requireModule(from, moduleName, options, isActual);
    };
    executor.compile = (source, filename) => compileFunction(source, executor.injectedModuleParameters, { filename });
  }
};

function sourceModule(path) {
  const known = sources.get(path);
  if (known) return known.exports;
  const module = { id: path, filename: path, exports: {} };
  sources.set(path, module);
  try {
    const code = current.executor.transformCache.transform(path, undefined);
    const run = compileFunction(code, ['module', 'exports', 'require', '__dirname', '__filename'], { filename: path });
    run.call(module.exports, module, module.exports, requireFrom(path), dirname(path), path);
  } catch (error) {
    sources.delete(path);
    throw error;
  }
  return module.exports;
}

/** A module that loads another one later does it through the runtime of the spec file that runs then. */
function requireFrom(path) {
  const { resolve, cache } = createRequire(path);
  return Object.assign((name) => current.requireModuleOrMock(path, name), { resolve, cache });
}
