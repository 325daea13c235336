'use strict';
const { default: Runtime } = require('jest-runtime');
const { createRequire } = require('node:module');
const { compileFunction } = require('node:vm');

/** Packages that know the running spec file are loaded for each file, as usual. */
const SHARED = /\/node_modules\/(?!@?jest|expect\/)/;

/**
 * Loads each package once per process with Node's own loader. Jest's own way evaluates all packages anew for each spec file: about
 * two seconds of CPU a file, 40 % of the whole run. Source of the product and of the tests is still loaded for each file.
 */
module.exports = class SharedPackagesRuntime extends Runtime {
  constructor(...given) {
    super(...given);
    const { cjsLoader, executor } = this;
    const requireModule = cjsLoader.requireModule.bind(cjsLoader);
    cjsLoader.requireModule = (from, moduleName, options, isActual) => {
      if (moduleName !== undefined && !options?.isInternalModule && !moduleName.startsWith('node:')) {
        const path = this._resolution.resolveCjs(from, moduleName);
        if (SHARED.test(path)) return createRequire(from)(path);
      }
      return requireModule(from, moduleName, options, isActual);
    };
    executor.compile = (source, filename) => compileFunction(source, executor.injectedModuleParameters, { filename });
  }
};
