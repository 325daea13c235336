import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const PAGES = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(ROOT, 'docs')).flatMap((file) => (file.endsWith('.md') ? [`docs/${file}`] : []))]; // prettier-ignore

/** Words that a person meets in answers and alarms, and that nobody knows from elsewhere. */
const NEEDED = ['chain', 'Guardian token', 'hold', 'leftover', 'orphan', 'purpose', 'release', 'strike', 'sweep', 'tombstone'];
/** Variables of other programs, of tests and of the command line, which the settings of the service do not list. */
const OF_OTHERS = /^(NO_COLOR|NODE_EXTRA_CA_CERTS|ARCADIA_\w+|WORLD_DIR|SVG_DIR)$/;
/** Pages that name constants of the source and variables of tests. */
const OF_DEVELOPERS = ['CONTRIBUTING.md', 'docs/architecture.md', 'docs/measurements.md', 'docs/api.md'];
/** Sentences that were not true, or that had to be read twice. */
const NOT_SAID = [/within a quarter of a minute/i, /with every answer/i, /doorbell/i, /not a ledger/i, /lets? [\w\s]{1,30} leave\b/i];

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, days: 86_400_000 };

const settings = new Map([...textOf('.env.example').matchAll(/^#? ?([A-Z][A-Z0-9_]+)=(\S*) #/gm)].map(([, name = '', value = '']) => [name, value])); // prettier-ignore

/** Each setting that a page names with a value in brackets: `PORT` (4005), `ACCOUNT_CHECK_MS` (5 min). */
function statedDefaults(text: string) {
  const found = text.matchAll(/`([A-Z][A-Z0-9_]+)` \(`?([\d.,]+)(?: (ms|s|min|h|days))?`?\)/g);
  return [...found].map(([, name = '', value = '', unit]) => ({ name, value: Number(value.replaceAll(',', '')), unit }));
}

/** The number that the settings file has to state for a setting that a page describes so. */
function settingOf({ name, value, unit }: { name: string; value: number; unit: string | undefined }): number {
  const ofName = /_(MS|S|DAYS|HOURS)$/.exec(name)?.[1] ?? '';
  const milliseconds = { MS: 1, S: 1_000, HOURS: 3_600_000, DAYS: 86_400_000 }[ofName];
  return unit === undefined || milliseconds === undefined ? value : (value * (UNITS[unit] ?? Number.NaN)) / milliseconds;
}

it('explains each word of the glossary once, in the order of the alphabet, and every word that only we use (D6) [TRU-1]', () => {
  const rows = [...textOf('docs/glossary.md').matchAll(/^\| ([^|]+) \| ([^|]+) \|$/gm)].slice(1);
  const words = rows.map(([, word = '']) => word.trim());
  expect(words.length).toBeGreaterThan(50);
  expect(words.filter((word, at) => words.indexOf(word) !== at)).toEqual([]);
  expect(words).toEqual(words.toSorted((a, b) => a.localeCompare(b, 'en', { sensitivity: 'base' })));
  expect(NEEDED.filter((word) => !words.includes(word))).toEqual([]);
});

it.each(PAGES)('%s names only settings that exist, with the defaults that they have (D6) [TRU-1]', (page) => {
  const text = textOf(page);
  const named = [...text.matchAll(/`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`/g)].map(([, name = '']) => name);
  const unknown = named.filter((name) => !settings.has(name.replace(/_FILE$/, '')) && !OF_OTHERS.test(name));
  expect(OF_DEVELOPERS.includes(page) ? [] : unknown).toEqual([]);
  const stated = statedDefaults(text).filter(({ name }) => settings.has(name));
  expect(stated.map(({ name, ...rest }) => `${name} ${settingOf({ name, ...rest })}`)).toEqual(stated.map(({ name }) => `${name} ${Number(settings.get(name))}`)); // prettier-ignore
});

it('reads the defaults that pages state', () => {
  expect(PAGES.flatMap((page) => statedDefaults(textOf(page))).filter(({ name }) => settings.has(name)).length).toBeGreaterThan(5);
  expect(statedDefaults('`PORT` (4005), `ACCOUNT_CHECK_MS` (5 min), `DO_RATE_PER_HOUR` (5,000)').map(settingOf)).toEqual([
    4005, 300_000, 5_000,
  ]);
});

it.each(PAGES)('%s leads only to files that exist (D6) [TRU-1]', (page) => {
  const folder = page.startsWith('docs/') ? 'docs' : '';
  const text = textOf(page);
  const linked = [...text.matchAll(/\]\(([^)\s#:]+)(?:#[^)]*)?\)/g)].map(([, path = '']) => path).filter((path) => !path.startsWith('/'));
  expect(linked.filter((path) => !existsSync(join(ROOT, folder, path)))).toEqual([]);
  const named = [...text.matchAll(/`((?:apps|libs|test|docs|bench|deploy)\/[\w./-]+)`/g)].map(([, path = '']) => path);
  const exists = (path: string) => ['', '.ts', '.spec.ts', '.mjs'].some((end) => existsSync(join(ROOT, `${path}${end}`)));
  expect(named.filter((path) => !exists(path))).toEqual([]);
});

it.each(PAGES)('%s says nothing that was found untrue or hard to read (D6) [TRU-1]', (page) => {
  const text = textOf(page);
  expect(NOT_SAID.filter((sentence) => sentence.test(text)).map(String)).toEqual([]);
});
