'use strict';
const { AsyncLocalStorage } = require('node:async_hooks');
const { ModernFakeTimers } = require('@jest/fake-timers');
const { TestEnvironment } = require('jest-environment-node');
const { ModuleMocker } = require('jest-mock');

/**
 * The storages that the running spec file has used. Jest makes one for each file and never ends it, and each of them adds to the cost of every
 * later promise: after seventy files a third of the CPU.
 */
const storages = new Set();
for (const method of ['run', 'enterWith']) {
  const original = AsyncLocalStorage.prototype[method];
  AsyncLocalStorage.prototype[method] = function (...given) {
    storages.add(this);
    return original.apply(this, given);
  };
}

/** Listeners of the process that a spec file may add. They are removed after it. */
const EVENTS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'uncaughtException', 'unhandledRejection', 'beforeExit', 'exit', 'warning', 'message'];

/**
 * Runs spec files in the context of the process, because packages are loaded there once (shared-packages.runtime.cjs): an array
 * or a date of a spec file and of a package then has the same constructor. What a spec file changes in the process is restored.
 */
module.exports = class SharedPackagesEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global = globalThis;
    this.moduleMocker = new ModuleMocker(globalThis);
    this.fakeTimersModern = new ModernFakeTimers({ config: config.projectConfig, global: globalThis });
    const { console, process } = globalThis;
    const listeners = EVENTS.map((event) => [event, new Set(process.listeners(event))]);
    this.before = { console, exit: process.exit, exitCode: process.exitCode, env: { ...process.env }, listeners };
  }

  async teardown() {
    const { console, exit, exitCode, env, listeners } = this.before;
    globalThis.console = console;
    Object.assign(process, { exit, exitCode });
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
    for (const [event, known] of listeners) {
      for (const listener of process.listeners(event)) if (!known.has(listener)) process.off(event, listener);
    }
    for (const storage of storages) storage.disable();
    storages.clear();
    this.moduleMocker.restoreAllMocks(); // a spied-on class of the product serves the next spec file too
    await super.teardown();
  }
};
