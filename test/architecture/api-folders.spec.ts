import { join } from 'node:path';
import { readText, sourceFiles } from './source-tree';

const FOLDER = 'apps/api/src/inventory/fast-list/';
const MOUNTED_BY = 'apps/api/src/api.module.ts';

it('lets only the api module, which mounts it, import the measured list', () => {
  const product = sourceFiles('apps', 'libs');
  expect(product.some(({ path }) => path.startsWith(FOLDER))).toBe(true);
  const importers = product.filter(({ path, imports }) => !path.startsWith(FOLDER) && imports.some((one) => one.includes('fast-list')));
  expect(importers.map(({ path }) => path)).toEqual([MOUNTED_BY]);
});

it('lets only the measured list read the inventory as JSON text', () => {
  const users = sourceFiles('apps').filter(({ path }) => readText(path)?.includes('listJson('));
  expect(users.map(({ path }) => path)).toEqual([`${FOLDER}fast-list.controller.ts`]);
});

it('lets no folder of the api import a folder that imports it', () => {
  const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/'));
  const files = sourceFiles('apps/api/src').filter(({ path }) => !path.endsWith('.spec.ts'));
  const edges = new Map<string, Set<string>>();
  for (const { path, imports } of files) {
    for (const imported of imports.filter((one) => one.startsWith('.'))) {
      const into = folderOf(join(folderOf(path), imported));
      if (into !== folderOf(path)) edges.set(folderOf(path), (edges.get(folderOf(path)) ?? new Set()).add(into));
    }
  }
  const reaches = (from: string, seen = new Set<string>()): Set<string> => {
    for (const next of edges.get(from) ?? []) if (!seen.has(next)) reaches(next, seen.add(next));
    return seen;
  };
  expect([...edges.keys()].filter((folder) => reaches(folder).has(folder))).toEqual([]);
});
