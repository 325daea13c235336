const { imports } = require('./package.json');

/** `#libs/<name>` is read from its source here, from `dist` when the product runs. */
const moduleNameMapper = Object.fromEntries(
  Object.entries(imports)
    .filter(([name]) => name.startsWith('#libs/'))
    .map(([name, built]) => [`^${name}$`, built.replace('./dist/', '<rootDir>/').replace('/index.js', '')]),
);

const project = {
  testEnvironment: '<rootDir>/test/support/run/shared-packages.environment.cjs',
  runtime: '<rootDir>/test/support/run/shared-packages.runtime.cjs',
  moduleNameMapper,
  transform: { '^.+\\.[jt]s$': '@swc/jest' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.data/', '<rootDir>/test/official-client/node_modules/'],
  setupFilesAfterEnv: ['<rootDir>/test/support/run/patience.ts'],
};

module.exports = {
  workerIdleMemoryLimit: '2GB', // metadata of packages keeps the classes of earlier spec files
  testSequencer: '<rootDir>/test/support/run/slow-first.sequencer.cjs',
  reporters: ['default', '<rootDir>/test/support/run/second-tries.reporter.cjs'],
  projects: [
    /** Specs beside their source: no database, no Nest application, no build. */
    { ...project, displayName: 'unit', testMatch: ['<rootDir>/{apps,libs}/**/*.spec.ts'] },
    {
      ...project,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/**/*.spec.ts'],
      globalSetup: '<rootDir>/test/support/run/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/run/global-teardown.ts',
    },
  ],
};
