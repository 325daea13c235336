import { readText, sourceFiles } from './source-tree';

const PRODUCT = sourceFiles('apps', 'libs').filter(({ path, room }) => !path.endsWith('.spec.ts') && room !== 'apps/simulator');

it('only the kernel declares how lists are cut into pages', () => {
  const declares =
    /^(export )?(function|const|class|interface|type) (encodeCursor|decodeCursor|pageOf|InvalidCursorError|PageRequest|ListAnswer)\b/m;
  const found = PRODUCT.filter(({ path }) => declares.test(readText(path) ?? '')).map(({ path }) => path);
  expect(found).toEqual(['libs/kernel/src/paging.ts']);
});

it('only the kernel writes cursors, and every list reads them with a pattern that it names', () => {
  const byHand = PRODUCT.filter(({ path }) => {
    const source = readText(path) ?? '';
    return /next_cursor\s*[:=][^;]*(base64|Buffer)/.test(source) || /decodeCursor\([^)]*'/.test(source);
  });
  expect(byHand.map(({ path }) => path)).toEqual([]);
});
