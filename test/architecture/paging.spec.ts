import { readText, sourceFiles } from './source-tree';

const PRODUCT = sourceFiles('apps', 'libs').filter(({ path, room }) => !path.endsWith('.spec.ts') && room !== 'apps/simulator');

it('declares the paging of lists only in the kernel', () => {
  const declares =
    /^(export )?(function|const|class|interface|type) (encodeCursor|decodeCursor|pageOf|InvalidCursorError|PageRequest|ListAnswer)\b/m;
  const found = PRODUCT.filter(({ path }) => declares.test(readText(path) ?? '')).map(({ path }) => path);
  expect(found).toEqual(['libs/kernel/src/paging.ts']);
});

it('writes cursors only in the kernel, and lets every list read them with a named pattern', () => {
  const byHand = PRODUCT.filter(({ path }) => {
    const source = readText(path) ?? '';
    return /next_cursor\s*[:=][^;]*(base64|Buffer)/.test(source) || /decodeCursor\([^)]*'/.test(source);
  });
  expect(byHand.map(({ path }) => path)).toEqual([]);
});
