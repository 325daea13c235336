import { ADVISORY_LOCKS } from '#libs/database';
import { readText, sourceFiles } from './source-tree';
import { numberTexts, stringTexts } from './string-texts';

const TABLE = 'libs/platform/database/src/advisory-locks.ts';
const KEYS = Object.values(ADVISORY_LOCKS);
const LOCK_CALL = /\bpg_(?:try_)?advisory_(?:xact_)?(?:un)?lock(?:_shared)?\s*\(([^;]*)/gi;

/** Returns the advisory lock keys in a file that belong into the table. */
function foreignKeys(source: string): string[] {
  const numbers = numberTexts(source).filter((number) => KEYS.some((key) => key === number));
  const inText = stringTexts(source).flatMap(({ text, line }) => {
    const calls = [...text.matchAll(LOCK_CALL)].filter(([, argument]) => !/^\s*\$\{ADVISORY_LOCKS\.\w+\}\s*\)/.test(argument ?? ''));
    const hash = /\bhashtext(extended)?\s*\(/i.test(text) ? ['a hash'] : [];
    const known = KEYS.filter((key) => text.includes(key));
    return [...calls.map(([call]) => call), ...hash, ...known].map((what) => `line ${line}: ${what}`);
  });
  return [...numbers, ...inText];
}

const isReleased = (path: string) => path.includes('/migrations/');

it('gives every advisory lock a key of its own', () => {
  expect(new Set(KEYS).size).toBe(KEYS.length);
});

it('keeps the keys that the previous release uses as well', () => {
  expect(ADVISORY_LOCKS).toMatchObject({
    migration: '815004005',
    schedules: '815004006',
    sealing: '815004007',
    eventArchive: '815004008',
    driftDetection: '815004020',
    attribution: `hashtextextended('attribution', 0)`,
  });
});

it('allows the number or the hash of an advisory lock in no product file but the table', () => {
  const files = sourceFiles('apps', 'libs').filter(({ path }) => path !== TABLE && !isReleased(path));
  const found = files.flatMap(({ path }) => foreignKeys(readText(path) ?? '').map((what) => `${path} ${what}`));
  expect(found).toEqual([]);
});

it('allows no key of the table in a test', () => {
  const files = sourceFiles('test').filter(({ path }) => path !== 'test/architecture/advisory-locks.spec.ts');
  const found = files.filter(({ path }) => {
    const source = readText(path) ?? '';
    const texts = [...numberTexts(source), ...stringTexts(source).map(({ text }) => text)];
    return KEYS.some((key) => texts.some((text) => text.includes(key)));
  });
  expect(found.map(({ path }) => path)).toEqual([]);
});

it('lists in the table every advisory lock in the SQL of a migration', () => {
  const found = sourceFiles('libs/platform/database/src/migrations').flatMap(({ path }) =>
    stringTexts(readText(path) ?? '').flatMap(({ text }) => [...text.matchAll(LOCK_CALL)].map(([, argument]) => argument ?? '')),
  );
  expect(found).not.toEqual([]);
  expect(found.filter((argument) => !KEYS.some((key) => argument.startsWith(`${key})`)))).toEqual([]);
});

it.each([
  'const LOCK = 815_004_005;',
  `sql('select pg_advisory_lock($1)')`,
  `sql('select pg_try_advisory_xact_lock(12)')`,
  'sql(`select pg_advisory_unlock(${LOCK})`)',
  `sql("select hashtext('mine')")`,
])('finds a key outside of the table: %s', (source) => {
  expect(foreignKeys(source)).not.toEqual([]);
});
