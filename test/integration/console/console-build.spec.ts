import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { allRows, csvText, MOST_ROWS } from '../../../apps/console/src/parts/csv-rows';
import { aboveZero, belowZero, scaleTicks, stacksOf } from '../../../apps/console/src/parts/chart-scale';
import { TOUCHED, touchedBy } from '../../../apps/console/src/shell/touched';
import { EVENT_TYPES } from '#libs/events';

const ROOT = join(__dirname, '../../..');
const BUILT = join(ROOT, 'dist/console');
const FIRST_LOAD_KB = 260;
const CHUNK_KB = 80;

interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
  readonly isEntry?: boolean;
  readonly isDynamicEntry?: boolean;
}

const manifest = JSON.parse(readFileSync(join(BUILT, 'manifest.json'), 'utf8')) as Record<string, Chunk>;
const packedKb = (file: string) => statSync(join(BUILT, `${file}.gz`)).size / 1_000;

/** A chunk with all that it imports, but for what `without` has already loaded. */
function filesOf(name: string, without: ReadonlySet<string> = new Set(), seen = new Set<string>()): Set<string> {
  const chunk = manifest[name];
  if (!chunk) return seen;
  for (const file of [chunk.file, ...(chunk.css ?? [])]) if (!without.has(file)) seen.add(file);
  for (const imported of chunk.imports ?? []) filesOf(imported, without, seen);
  return seen;
}
const sumKb = (files: ReadonlySet<string>) => [...files].reduce((sum, file) => sum + packedKb(file), 0);

const entry = Object.entries(manifest).find(([, { isEntry }]) => isEntry)?.[0] ?? 'none';
const first = filesOf(entry);
const screens = Object.entries(manifest).filter(([, { isDynamicEntry }]) => isDynamicEntry);

it(`loads at most ${FIRST_LOAD_KB} kB before the first screen, and at most ${CHUNK_KB} kB for each screen`, () => {
  expect(screens.length).toBeGreaterThanOrEqual(5);
  expect(sumKb(first)).toBeLessThanOrEqual(FIRST_LOAD_KB);
  const large = screens.map(([name]) => ({ name, kb: sumKb(filesOf(name, first)) })).filter(({ kb }) => kb > CHUNK_KB);
  expect(large).toEqual([]);
});

it('asks nothing of other hosts: no built file names an address to load from', () => {
  for (const name of readdirSync(join(BUILT, 'assets')).filter((file) => /\.(js|css)$/.test(file))) {
    const loads = readFileSync(join(BUILT, 'assets', name), 'utf8').match(/(?:url\(|import\(|fetch\(|src=)["'`]?https?:[^"'`)]+/g) ?? [];
    expect({ name, loads }).toEqual({ name, loads: [] });
  }
});

it('has the types and forms of the API as it is: run `npm run console:client` after a change of the API', () => {
  const script = join(ROOT, 'apps/console/client.mjs');
  expect(existsSync(script)).toBe(true);
  expect(execFileSync(process.execPath, [script, '--stale'], { encoding: 'utf8' }).trim()).toBe('');
});

it('keeps every file of the console below 300 lines, with a folder for each screen', () => {
  const sources = readdirSync(join(ROOT, 'apps/console/src'), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && /\.tsx?$/.test(file.name) && !file.name.endsWith('.d.ts'))
    .map((file) => join(file.parentPath, file.name));
  expect(sources.length).toBeGreaterThan(20);
  expect(sources.filter((file) => readFileSync(file, 'utf8').split('\n').length > 300)).toEqual([]);
  const screensWithoutTexts = readdirSync(join(ROOT, 'apps/console/src/screens')).filter(
    (screen) => !existsSync(join(ROOT, 'apps/console/src/screens', screen, 'texts.ts')),
  );
  expect(screensWithoutTexts).toEqual([]);
});

it('stacks the largest parts of a chart first and adds up the rest as the last one, on a scale of round steps', () => {
  const parts = Array.from({ length: 10 }, (_, nr) => ({
    bar: nr % 2 === 0 ? 'Oct' : 'Nov',
    part: nr === 0 ? null : `t${nr}`,
    amount: 10 - nr,
  }));
  const { series, values } = stacksOf(['Oct', 'Nov'], parts, (part) => part ?? 'No owner');
  expect(series.map(({ name, color }) => `${color} ${name}`)).toEqual([
    '1 No owner',
    '2 t1',
    '3 t2',
    '4 t3',
    '5 t4',
    '6 t5',
    '7 t6',
    '0 Others',
  ]);
  expect(values).toEqual([
    [10, 0, 8, 0, 6, 0, 4, 2],
    [0, 9, 0, 7, 0, 5, 0, 4],
  ]);
  expect(stacksOf(['Oct'], parts.slice(0, 8), (part) => part ?? 'none').series).toHaveLength(8);
  expect([scaleTicks(0), scaleTicks(3), scaleTicks(212), scaleTicks(0.9)]).toEqual([
    [0, 1],
    [0, 1, 2, 3],
    [0, 100, 200, 300],
    [0, 0.5, 1],
  ]);
});

it('draws a part below zero, such as a credit, below the axis', () => {
  const cells = [
    { bar: 'Sep', part: 'droplet', amount: 1_789.94 },
    { bar: 'Sep', part: null, amount: -1_044.3 },
    { bar: 'Oct', part: 'droplet', amount: 1_800 },
  ];
  const { series, values } = stacksOf(['Sep', 'Oct'], cells, (part) => part ?? 'Account');
  expect(series.map(({ name, color }) => `${color} ${name}`)).toEqual(['1 droplet', '2 Account']);
  expect(values).toEqual([
    [1_789.94, -1_044.3],
    [1_800, 0],
  ]);
  const [september = []] = values;
  expect([aboveZero(september), belowZero(september)]).toEqual([1_789.94, -1_044.3]);
  expect(scaleTicks(1_800, -1_044.3)).toEqual([-2_000, -1_000, 0, 1_000, 2_000]);
  expect(scaleTicks(0, -5)).toEqual([-6, -4, -2, 0]);
});

describe('a file of a list', () => {
  const pages = (sizes: readonly number[]) => (cursor: string | undefined) => {
    const at = Number(cursor ?? 0);
    const data = Array.from({ length: sizes[at] ?? 0 }, (_, nr) => ({ name: `r${at}-${nr}` }));
    return Promise.resolve({ data, page: { next_cursor: at + 1 < sizes.length ? String(at + 1) : null } });
  };
  const { signal } = new AbortController();

  it('has every row of the filter, page by page, and says how many it has so far', async () => {
    const seen: number[] = [];
    const all = await allRows(pages([200, 200, 3]), { signal, onRows: (rows) => seen.push(rows) });
    expect({ rows: all.rows.length, isCut: all.isCut, seen }).toEqual({ rows: 403, isCut: false, seen: [200, 400, 403] });
    expect(csvText([['name', ({ name }) => name]], all.rows.slice(-1))).toBe('name\r\nr2-2\r\n');
  });

  it('ends at its limit, and tells that there is more', async () => {
    expect(MOST_ROWS).toBe(50_000);
    expect(await allRows(pages([5, 5, 5]), { signal, most: 7 })).toMatchObject({ rows: { length: 7 }, isCut: true });
    expect(await allRows(pages([5, 2]), { signal, most: 7 })).toMatchObject({ rows: { length: 7 }, isCut: false });
  });

  it('writes no formula, keeps numbers, and quotes commas and quotes', () => {
    const text = csvText(
      [
        ['a', ([a]: readonly string[]) => a],
        ['b', ([, b]: readonly string[]) => b],
      ],
      [
        ['=cmd()', '-1.50'],
        ['a "b", c', ''],
      ],
    );
    expect(text).toBe('a,b\r\n\'=cmd(),-1.50\r\n"a ""b"", c",\r\n');
  });
});

describe('what an event makes old', () => {
  /** No event is about these: catalogs, settings, previews, and what is asked for while it changes. */
  const WITHOUT_EVENT = new Set(
    (
      'session,session-ended,catalog,issuer,tax-rules,pools,subscriptions,rate-cards,rate-overrides,rule-effect,' +
      'saga-bulk-plan,power-plan,invoices-preview,bulk-preview,revert-plan,order-price,list-prices,status-preview'
    ).split(','),
  );
  const SCREENS = join(ROOT, 'apps/console/src');
  const sources = readdirSync(SCREENS, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
  const QUERY_KEY = /(?:queryKey: |useList<[^(]*\(\s*)\['([\w-]+)'/g;
  /** The lists of documents give their name to a list that they share. */
  const named = ['payments', 'credit-notes'];
  const keys = new Set([
    ...named,
    ...sources.flatMap((file) => [...readFileSync(join(SCREENS, file), 'utf8').matchAll(QUERY_KEY)].map(([, key = '']) => key)),
  ]);

  it('has the queries of each type of event', () => {
    for (const type of EVENT_TYPES)
      expect({ type, keys: Object.keys(TOUCHED).includes(type.split('.')[0] ?? '') }).toEqual({ type, keys: true });
    expect(touchedBy('payment.recorded')).toEqual(expect.arrayContaining(['payments', 'wallets', 'invoices']));
    expect(touchedBy('credit_note.issued')).toEqual(expect.arrayContaining(['credit-notes', 'wallets', 'invoices']));
    expect(touchedBy('invoice.ingested')).toEqual(expect.arrayContaining(['provider-invoices', 'cost-lines', 'pnl']));
    expect(touchedBy('a_newer.event')).toEqual(['all-events', 'audit']);
  });

  it('has every query of the console that an event is about, and no other', () => {
    const touched = new Set(EVENT_TYPES.flatMap(touchedBy));
    expect([...keys].filter((key) => !touched.has(key) && !WITHOUT_EVENT.has(key))).toEqual([]);
    expect([...touched].filter((key) => !keys.has(key))).toEqual([]);
  });
});
