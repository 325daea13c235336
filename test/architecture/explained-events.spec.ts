import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const inRoot = (path: string) => join(__dirname, '../..', path);
const sources = ['apps/api/src', 'apps/worker/src', 'libs'].flatMap((folder) =>
  readdirSync(inRoot(folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
    .map((path) => readFileSync(join(inRoot(folder), path), 'utf8')),
);
const explained = new Set([...readFileSync(inRoot('docs/operations.md'), 'utf8').matchAll(/`([a-z_]+)`/g)].map(([, name]) => name));

it('explains every event that api and worker log, except debug events', () => {
  const calls = sources.flatMap((text) => text.split('\n').filter((line) => /\bevent: /.test(line) && !line.includes('.debug(')));
  const logged = calls.flatMap((line) => [...(/\bevent: ([^,}]*)/.exec(line)?.[1] ?? '').matchAll(/'([a-z_]+)'/g)].map(([, name]) => name));
  expect(new Set(logged).size).toBeGreaterThan(50);
  expect([...new Set(logged)].filter((name) => !explained.has(name))).toEqual([]);
});
