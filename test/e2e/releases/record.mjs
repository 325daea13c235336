/**
 * Records the tree as a release: `node test/e2e/releases/record.mjs <release> [--notes <folder>]`, after npm run build. It runs
 * the suites with note-statements.cjs in every process, or reads the notes of such a run. It prepares and executes each
 * statement on a migrated database, writes statements.json, sagas.json, openapi.json and functions.json, and prints everything
 * it omits with the reason.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configFor, pgClient, startDatabase } from '../../../bench/stage.mjs';
import { productFiles } from '../../../bench/walk/sources.mjs';
import { statementsOf } from '../../../bench/walk/statements.mjs';
import { recordStatement } from './record-statement.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const require = createRequire(import.meta.url);
const built = (path) => require(join(ROOT, 'dist', path));
const MOST_SHAPES = 12;
/** The minimum length of the beginning of a statement by which its source file is found. */
const SHORTEST_HEAD = 30;
const inOrder = (names) => [...names].toSorted((a, b) => a.localeCompare(b));
const inOneLine = (text) => text.replaceAll(/\s+/g, ' ').trim();
/** Suites whose processes send no statement that others do not send, or that work on recordings. A new folder is run unless it stands here. */
const NOT_RUN = 'chaos|command-line|console|deploy|local-stack|releases|simulator|start|vault';
const SUITES = `(test/(integration|e2e)/(?!(${NOT_RUN})/)|apps/api/src/health|libs/platform/(database|digitalocean)/)`;

const [release, option, given] = process.argv.slice(2);
if (!release || (option !== undefined && option !== '--notes'))
  throw new Error('node test/e2e/releases/record.mjs <release> [--notes <folder>]');
const folder = join(ROOT, 'test/e2e/releases', release);
if (existsSync(join(folder, 'statements.json'))) throw new Error(`${folder} is recorded already, and recordings are never edited`);
const notes = readNotes(given ?? runSuites());

const server = await startDatabase();
try {
  mkdirSync(folder, { recursive: true });
  write('statements.json', await statements());
  const { document, kinds } = await served();
  write('sagas.json', sagas(kinds));
  write('openapi.json', document);
  write('functions.json', built('apps/cli/src/commands/migrate.js').REPEATABLE_SQL);
  spawnSync(process.execPath, ['node_modules/prettier/bin/prettier.cjs', '--write', folder], { cwd: ROOT, stdio: 'inherit' });
} finally {
  await server.stop();
}

/** Failed tests are tried once again. Statements of a failed test are recorded as well. */
function runSuites() {
  const to = mkdtempSync(join(tmpdir(), 'arcadia-notes-'));
  const args = [
    'node_modules/jest/bin/jest.js',
    SUITES,
    '--maxWorkers=4',
    '--setupFiles',
    join(ROOT, 'test/e2e/releases/note-statements.cjs'),
  ];
  const env = { ...process.env, NODE_ENV: 'test', TEST_RETRIES: '1', RECORD_TO: to };
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' });
  console.log(`notes in ${to}${status === 0 ? '' : '; some tests failed, see above'}`);
  return to;
}

/** The last line of a killed process may be incomplete. */
function readNotes(from) {
  const lines = readdirSync(from).flatMap((file) => readFileSync(join(from, file), 'utf8').split('\n'));
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

async function statements() {
  const texts = new Map();
  const written = statementsOf(productFiles()).map(({ room, text }) => ({ room, head: text.split('${}')[0] }));
  const roomOf = (text) => written.find(({ head }) => head.length >= SHORTEST_HEAD && inOneLine(text).startsWith(head))?.room;
  for (const { scope, text, count, sample, ...note } of notes.filter((note) => note.text)) {
    const from = note.from ?? roomOf(text);
    if (from === undefined) continue;
    const known = texts.get(text) ?? { from: new Set(), scopes: new Set(), text, count, samples: new Map() };
    known.from.add(from);
    known.scopes.add(scope);
    if (sample) known.samples.set(JSON.stringify(sample), sample);
    texts.set(text, known);
  }
  const { platformConnectionString } = built('libs/platform/database/src/index.js');
  const on = pgClient(platformConnectionString(server.appUrl));
  await on.connect();
  const temporary = [...texts.values()]
    .filter(({ text }) => /^\s*create temp table/.test(text))
    .map(({ text, samples }) => ({ text, sample: [...samples.values()][0] ?? [] }))
    .toSorted((a, b) => a.sample.length - b.sample.length);
  const kept = [];
  /** @type {string[]} */
  const left = [];
  for (const { from, scopes, samples, ...noted } of texts.values()) {
    const { statement, problem } = await recordStatement(on, { ...noted, samples: [...samples.values()] }, temporary);
    if (statement) kept.push({ from: inOrder(from).join(', '), scopes: inOrder(scopes), ...statement });
    else left.push(`${[...from].join(', ')}: ${problem}: ${inOneLine(noted.text).slice(0, 100)}`);
  }
  await on.end();
  console.log(`${kept.length} statements kept, ${left.length} left out`);
  for (const line of left) console.log(`  ${line}`);
  return kept.toSorted((a, b) => a.from.localeCompare(b.from) || a.text.localeCompare(b.text));
}

/** Keeps one example of each shape, by kind and step. Sagas that only tests define are not among the kinds of the product. */
function sagas(kinds) {
  const shapes = new Map();
  for (const { shape, ...note } of notes.flatMap(({ saga }) => (saga && kinds.has(saga.kind) ? [saga] : []))) {
    const key = [note.kind, note.step, note.what, note.when ?? '', shape].join(' ');
    if (!shapes.has(key)) shapes.set(key, note);
  }
  const found = [...shapes].toSorted(([a], [b]) => a.localeCompare(b)).map(([, note]) => note);
  const nth = new Map();
  const most = found.filter(({ kind, step, what, when }) => {
    const key = [kind, step, what, when].join(' ');
    nth.set(key, (nth.get(key) ?? 0) + 1);
    return nth.get(key) <= MOST_SHAPES;
  });
  console.log(`${most.length} shapes of ${found.length} that sagas recorded`);
  const without = [...kinds].filter((kind) => !most.some((note) => note.kind === kind));
  if (without.length > 0) console.log(`no shape of ${inOrder(without).join(', ')}`);
  return most;
}

/** The API document that this build serves, and the saga kinds that it knows. */
async function served() {
  const { SagaRegistry } = built('libs/engine/saga/src/index.js');
  const { createApi } = built('apps/api/src/api-app.js');
  const app = await createApi(configFor({ DATABASE_URL: server.appUrl }));
  await app.listen(0, '127.0.0.1');
  const answer = await fetch(`http://127.0.0.1:${app.getHttpServer().address().port}/api/openapi.json`);
  const document = await answer.json();
  const kinds = new Set(app.get(SagaRegistry).known().kinds);
  await app.close();
  return { document, kinds };
}

function write(file, content) {
  const text = `${JSON.stringify(content, null, 1)}\n`;
  writeFileSync(join(folder, file), text);
  console.log(`${file}: ${Math.round(text.length / 1024)} kB`);
}
