import { readText, sourceFiles } from './source-tree';

const FOLDER = 'apps/api/src/inventory/fast-list/';
const MOUNTED_BY = 'apps/api/src/inventory/inventory.module.ts';

it('only the inventory module, which mounts it, imports the measured list', () => {
  const product = sourceFiles('apps', 'libs');
  expect(product.some(({ path }) => path.startsWith(FOLDER))).toBe(true);
  const importers = product.filter(({ path, imports }) => !path.startsWith(FOLDER) && imports.some((one) => one.includes('fast-list')));
  expect(importers.map(({ path }) => path)).toEqual([MOUNTED_BY]);
});

it('only the measured list reads the inventory as JSON text', () => {
  const users = sourceFiles('apps').filter(({ path }) => readText(path)?.includes('listJson('));
  expect(users.map(({ path }) => path)).toEqual([`${FOLDER}fast-list.controller.ts`]);
});
