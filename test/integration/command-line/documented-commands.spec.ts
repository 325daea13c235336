import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runArcadia } from '../../support/run-arcadia';
import { createTestApp } from '../../support/test-app';
import { documentedApi, type Document } from './documented-api';

const ROOT = join(__dirname, '../../..');
const PAGES = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(ROOT, 'docs')).flatMap((file) => (file.endsWith('.md') ? [`docs/${file}`] : []))]; // prettier-ignore
/** Calls that the pages show because they are refused. */
const REFUSED = ['GET /api/v1/inventory?colour=red'];
/** Programs of the machine that pages name, which a test does not run. */
const OTHER_PROGRAMS =
  /^(npm|npx|node|docker|kubectl|kustomize|install|psql|pg_\w+|openssl|git|kill|cd|cp|mv|rm|mkdir|export|redis-cli|python3|sleep|vault)\b/;

let api: Awaited<ReturnType<typeof documentedApi>>;
let scripts: Readonly<Record<string, string>>;

beforeAll(async () => {
  const app = await createTestApp();
  const document = (await app.http().get('/api/openapi.json').expect(200)).body as Document;
  await app.close();
  api = await documentedApi(document, () => undefined);
  scripts = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts;
});
afterAll(() => api.close());

/** The commands of a page: lines of code blocks after a `$ `, and calls of curl, each with the lines that belong to it. */
function commandsIn(page: string): string[] {
  const blocks = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```\n([\s\S]*?)^```/gm)].map(([, text]) => text ?? '');
  const commands: string[] = [];
  for (const line of blocks.flatMap((block) => block.split('\n'))) {
    const last = commands.at(-1);
    if (last !== undefined && isUnfinished(last)) commands[commands.length - 1] = `${last}\n${line}`;
    else if (/^(\$ |curl |\w+=\$\(curl )/.test(line)) commands.push(line.replace(/^\$ /, ''));
  }
  return commands;
}

/** A backslash at the end, or a quotation that is open: the next line belongs to the command. */
const isUnfinished = (command: string) => command.endsWith('\\') || command.replaceAll(/"[^"]*"| {2,}#.*/g, '').split("'").length % 2 === 0;

/** What follows `arcadia` in a command, up to a pipe, a redirection or a comment. A chain has several. */
function arcadiaCalls(command: string): string[] {
  return command
    .replace(/ {2,}#.*$/s, '')
    .split(/\|\||&&|;/)
    .flatMap((part) => /^\s*(?:npx )?arcadia (.*?)(?: [<>|] ?.*)?$/s.exec(part)?.[1] ?? []);
}

/** What a page lets its reader export first. */
const EXPORTED: Readonly<Record<string, string>> = { LAST_MONTH: '2026-11', YESTERDAY: '2026-11-30T12:00:00.000Z' };

const wordsOf = (line: string) => [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((found) => found.slice(1).find((word) => word !== undefined) ?? ''); // prettier-ignore

it('runs every call of curl on the pages against the document of the api, in one shell per page', async () => {
  let count = 0;
  for (const page of PAGES) {
    const commands = commandsIn(page).filter((command) => !OTHER_PROGRAMS.test(command) && !command.startsWith('arcadia '));
    const script = commands.map((command) => command.replaceAll(/http:\/\/127\.0\.0\.1:400\d/g, '$API').replace(/^(API|ADMIN|TENANT|TOKEN)=.*$/, ':')); // prettier-ignore
    count += commands.length;
    const env = { PATH: process.env.PATH, API: api.url, ADMIN: 'admin', TENANT: 'tenant', TOKEN: 'token', OTHER_ADMIN: 'other', ID: 'id' };
    const { stderr } = await promisify(execFile)('bash', ['--norc', '-c', [...script, 'true'].join('\n')], {
      env,
      maxBuffer: 1e8,
      timeout: 50_000,
    });
    expect({ page, stderr }).toEqual({ page, stderr: '' });
  }
  expect(count).toBeGreaterThan(80);
  const wrong = api.received.filter(({ call, status }) => status >= 400 && / \/api\/v1\//.test(call) && !REFUSED.includes(call));
  expect(wrong.map(({ call, detail }) => `${call}: ${detail}`)).toEqual([]);
  expect(REFUSED.filter((call) => !api.received.some((one) => one.call === call && one.status >= 400))).toEqual([]);
});

it('runs every command of arcadia on the pages, and finds no usage error and no refusal', async () => {
  const wrong: string[] = [];
  let count = 0;
  const env = { ARCADIA_API: api.url, ARCADIA_TOKEN: 'admin', HOME: '/nonexistent', DATA_DIR: '/nonexistent' };
  for (const page of PAGES)
    for (const shown of commandsIn(page).flatMap(arcadiaCalls)) {
      const line = shown.replaceAll(/\$(LAST_MONTH|YESTERDAY)\b/g, (_whole, name: string) => EXPORTED[name] ?? '');
      if (/^(demo|context add|context list|audit verify --keep-head|order \w+$)/.test(line)) continue; // need a running system, write a file, or ask for input
      const before = api.received.length;
      const { err, exitCode } = await runArcadia(wordsOf(line.replace(/ --to \S+/, ' --to /dev/null')), {
        env,
        endsInPause: 2,
        stdin: 'token',
      });
      const refused = api.received.slice(before).filter(({ status }) => status >= 400);
      count += 1;
      if (exitCode === 2 || refused.length > 0) wrong.push(`${page}: arcadia ${line}: ${err}`);
    }
  expect(count).toBeGreaterThan(20);
  expect(wrong).toEqual([]);
});

it('names only scripts and files that exist', () => {
  const wrong: string[] = [];
  for (const page of PAGES)
    for (const command of commandsIn(page)) {
      const [, script] = /\bnpm run (?:-s |--silent )?([\w:-]+)/.exec(command) ?? [];
      if (script !== undefined && !(script in scripts)) wrong.push(`${page}: npm run ${script}`);
      const [, file] = /^node ([\w./-]+\.m?js)/.exec(command) ?? [];
      if (file !== undefined && /^(apps|deploy|bench|test)\//.test(file) && !existsSync(join(ROOT, file))) wrong.push(`${page}: ${file}`);
    }
  expect(wrong).toEqual([]);
});
