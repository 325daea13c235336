import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { runArcadia, type Given } from '../../support/run-arcadia';
import { createTestApp } from '../../support/test-app';
import { documentedApi, exampleOf, problem, type Document } from './documented-api';

const TOKEN = 'secret-token-of-an-admin';
const STORED = 'another-secret-token';
const BUILT = join(__dirname, '../../../dist/arcadia');
/** What each command sends, prints and exits with. `UPDATE_GOLDEN=1` writes it again. */
const GOLDEN = join(__dirname, 'command-line.golden.txt');
const run = promisify(execFile);

/** How many bare starts of Node `--help` may cost: a bare start takes 40 to 130 ms, by machine. */
const MOST_HELP_COSTS = 2.5;
const NEW_HEAD = { no: '8', hash: 'b'.repeat(64) };

let document: Document;
let api: Awaited<ReturnType<typeof documentedApi>>;
let folder: string;
/** All that any command printed. */
let printed = '';

beforeAll(async () => {
  const app = await createTestApp();
  document = (await app.http().get('/api/openapi.json').expect(200)).body as Document;
  await app.close();
  api = await documentedApi(document, scripted);
  folder = mkdtempSync(join(tmpdir(), 'arcadia-command-'));
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Ids and tokens that make the api answer otherwise than with its example. */
function scripted(call: string, { authorization, lastEventId }: Parameters<Parameters<typeof documentedApi>[1]>[1]) {
  if (call.includes('/events/stream') && !call.includes('missing')) return streamed(Number(lastEventId ?? 1206));
  if (authorization === 'Bearer expired') return problem(401, 'unauthenticated', 'The token is not valid');
  if (authorization === 'Bearer whole')
    return { status: 200, body: { data: { ...example('AuditVerificationResponse'), whole: true, head: NEW_HEAD } } };
  if (call.includes('missing')) return problem(404, 'resource_not_found', 'There is no such resource');
  if (call.includes('/held/cancel')) return problem(409, 'not_cancellable', 'The saga has passed its point of no return');
  if (call.includes('region=none')) return { status: 200, body: { data: [], page: { next_cursor: null } } };
  const saga = /sagas\/(running|rolled_back|completed)$/.exec(call)?.[1];
  if (saga !== undefined)
    return { status: 200, body: { data: { ...example('SagaResponse'), id: saga, status: saga, steps: steps(saga) } } };
  if (call.includes('limit=150'))
    return {
      status: 400,
      body: { ...problem(400, 'validation_failed', 'limit is too large').body, errors: [{ field: 'limit', message: 'is too large' }] },
    };
  if (call.includes('q=pages')) {
    const isLast = call.includes('cursor=second');
    const row = { ...example('ResourceResponse'), id: isLast ? 'row-2' : 'row-1', name: 'a\u001b[31m,"b"' };
    return { status: 200, body: { data: [row], page: { next_cursor: isLast ? null : 'second' } } };
  }
  return undefined;
}

/** One event and the id of a heartbeat, as a server that stops at once sends them. */
function streamed(after: number) {
  const event = { ...example('EventResponse'), sequence: after + 1, type: 'saga.failed' };
  const stream = `: open\nid: ${after}\n\nid: ${after + 1}\nevent: saga.failed\ndata: ${JSON.stringify(event)}\n\n: heartbeat\nid: ${after + 3}\n\n: stopping\n\n`;
  return { status: 200, body: {}, stream };
}

const example = (name: string) => exampleOf(document, document.components.schemas[name] ?? {}) as Record<string, unknown>;
const steps = (status: string) => [
  { ...example('SagaStepResponse'), name: 'create_droplet', step_idx: 0, status: 'completed', error: null },
  {
    ...example('SagaStepResponse'),
    name: 'await_active',
    step_idx: 1,
    status: status === 'completed' ? 'completed' : 'running',
    error: null,
  },
];

async function arcadia(args: readonly string[], given: Partial<Given> = {}) {
  const before = api.received.length;
  const ran = await runArcadia(args, { ...given, env: { ARCADIA_API: api.url, ARCADIA_TOKEN: TOKEN, HOME: folder, ...given.env } });
  printed += ran.out + ran.err;
  return { ...ran, calls: api.received.slice(before) };
}

/** The words of a command line, with single quotes around words with blanks. */
const wordsOf = (line: string) => [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

async function transcript(line: string): Promise<string> {
  const isScreen = line.startsWith('(screen) ');
  const { out, err, exitCode, calls } = await arcadia(wordsOf(line.replace('(screen) ', '')), { isScreen });
  const text = [
    `$ arcadia ${line}`,
    ...calls.map(({ call }) => `> ${call}`),
    out + err.replace(/^/gm, '! ').replace(/! $/, ''),
    `exit ${exitCode}`,
  ];
  return text
    .join('\n')
    .replaceAll(api.url, 'API')
    .replaceAll(/whsec_[A-Za-z0-9+/=]{44}|v1,[A-Za-z0-9+/=]{44}/g, 'SIGNED')
    .replaceAll(/\n\n+exit/g, '\nexit');
}

const LINES = readFileSync(join(__dirname, 'command-lines.txt'), 'utf8').trim().split('\n');
const goldenOf = () => {
  const parts = readFileSync(GOLDEN, 'utf8').split('\n\n\n');
  return new Map(parts.map((part) => [part.split('\n')[0]?.replace('$ arcadia ', '') ?? '', part.trim()]));
};

it('sends only what the document of the api has, and prints and exits as its golden transcript says, for every command', async () => {
  const actual: string[] = [];
  for (const line of LINES) actual.push((await transcript(line)).trim());
  if (process.env.UPDATE_GOLDEN) writeFileSync(GOLDEN, `${actual.join('\n\n\n')}\n`);
  expect(actual).toEqual(LINES.map((line) => goldenOf().get(line)));
  expect(actual.filter((text) => /validation_failed|route_not_found/.test(text))).toEqual([]);
});

it('reads a list page by page, ends it early, and writes it in every format without what a terminal or spreadsheet would obey [OPS-10]', async () => {
  const ls = (...more: string[]) => arcadia(['inventory', 'ls', '--q', 'pages', '--fields', 'id,name', ...more]);
  expect((await ls('-o', 'csv')).out).toBe('id,name\nrow-1,"a [31m,""b"""\nrow-2,"a [31m,""b"""\n');
  expect((await ls('-o', 'tsv')).out).toBe('row-1\ta [31m,"b"\nrow-2\ta [31m,"b"\n');
  expect((await ls('-o', 'name')).out).toBe('row-1\nrow-2\n');
  const both = [{ id: 'row-1', name: 'a\u001b[31m,"b"' }, { id: 'row-2', name: 'a\u001b[31m,"b"' }]; // prettier-ignore
  expect(JSON.parse((await ls('-o', 'json')).out)).toEqual(both);
  expect((await ls('-o', 'jsonl')).out.trim().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual(both); // prettier-ignore
  const smaller = await ls('-o', 'name', '--limit', '150');
  expect({ out: smaller.out, calls: smaller.calls.length }).toEqual({ out: 'row-1\nrow-2\n', calls: 3 });
  const refused = await arcadia(['inventory', 'history', 'missing', '-o', 'json']);
  expect({ out: refused.out, exitCode: refused.exitCode }).toEqual({ out: '', exitCode: 5 });
  const one = await ls('-o', 'name', '--limit', '1');
  expect({ out: one.out, calls: one.calls.length }).toEqual({ out: 'row-1\n', calls: 1 });
});

it('says that a table has no rows, and which of the chosen fields no row has, beside the output', async () => {
  const none = await arcadia(['inventory', 'ls', '--region', 'none', '-o', 'table']);
  expect(none).toMatchObject({ out: '', err: 'Nothing found.\n', exitCode: 0 });
  expect(await arcadia(['inventory', 'ls', '--region', 'none', '-o', 'tsv'])).toMatchObject({ out: '', err: '' });
  const misspelt = await arcadia(['inventory', 'ls', '--q', 'pages', '--fields', 'id,price.montly', '-o', 'jsonl']);
  expect(misspelt.err).toMatch(/^No row has the field price\.montly; the fields are (id|.*, id), .*price\.monthly/);
  expect([misspelt.err.match(/No row has/g)?.length, misspelt.exitCode]).toEqual([1, 0]);
});

it('sets figures of a table at the right, and texts at the left', async () => {
  const [head, line] = (await arcadia(['inventory', 'ls', '--limit', '1', '--fields', 'name,price.monthly,kind', '-o', 'table'])).out.split(
    '\n',
  );
  const end = (text = '', part = '') => text.indexOf(part) + part.length;
  const amount = /\d+\.\d+/.exec(line ?? '')?.[0];
  expect(amount).toBeDefined();
  expect(end(line, amount)).toBe(end(head, 'PRICE.MONTHLY'));
  expect(line?.indexOf('droplet')).toBe(head?.indexOf('KIND'));
});

it('asks a person before what cannot be undone, and nobody in a script or with --yes', async () => {
  const issue = (given: Partial<Given>, ...more: string[]) => arcadia(['invoice', 'issue', 'ID', '--reason', 'checked', ...more], given);
  const sent = ({ calls }: Awaited<ReturnType<typeof issue>>) => calls.filter(({ call }) => call.startsWith('POST')).length;
  const refused = await issue({ answer: '' });
  expect(refused.err).toBe('An issued invoice never changes. Issue ID? [y/N] \narcadia: Nothing was changed (not_confirmed)\n');
  expect({ exitCode: refused.exitCode, sent: sent(refused) }).toEqual({ exitCode: 1, sent: 0 });
  for (const [given, more] of [
    [{ answer: 'yes' }, []],
    [{}, []],
    [{ answer: 'no' }, ['--yes']],
  ] as const)
    // prettier-ignore
    expect(sent(await issue(given, ...more))).toBe(1);
  const destroy = ['order', 'destroy_droplet', '--set', 'resource_id=01a1fb99-9888-75e1-ac7b-2ba9bf969a9f', 'expected_name=web'];
  expect((await arcadia(destroy, { answer: 'n' })).err).toContain('destroy_droplet cannot be undone');
});

it('reads again until Ctrl-C with --watch, in place of the rows before on a screen, and ends with 0', async () => {
  const watch = (...more: string[]) => ['inventory', 'ls', '--limit', '1', '--fields', 'kind', '--watch', ...more];
  const piped = await arcadia(watch('5s'), { endsInPause: 3 });
  expect({ out: piped.out, exitCode: piped.exitCode, reads: piped.calls.length }).toEqual({
    out: 'droplet\n'.repeat(3),
    exitCode: 0,
    reads: 3,
  });
  const shown = await arcadia(watch(), { endsInPause: 2, isScreen: true });
  expect(shown.out).toBe('\u001b[H\u001b[2JKIND\ndroplet\n'.repeat(2));
  expect((await arcadia(watch('soon'), { endsInPause: 1 })).exitCode).toBe(2);
});

it('keeps a token in a file of the user alone, sends it to its own API only, and never prints one', async () => {
  const file = join(folder, '.config/arcadia/contexts.json');
  const unset = { ARCADIA_API: '', ARCADIA_TOKEN: '' };
  const added = await arcadia(['context', 'add', 'test', '--api', `${api.url}/`, '--token-stdin'], { env: unset, stdin: `${STORED}\n` });
  expect({ exitCode: added.exitCode, mode: statSync(file).mode & 0o777 }).toEqual({ exitCode: 0, mode: 0o600 });
  expect((await arcadia(['me'], { env: unset })).calls.map(({ authorization }) => authorization)).toEqual([`Bearer ${STORED}`]);
  expect((await arcadia(['me'], { env: { ARCADIA_TOKEN: '' } })).calls.map(({ authorization }) => authorization)).not.toContain(
    `Bearer ${STORED}`,
  );
  expect((await arcadia(['context', 'list'], { env: unset })).out).toBe(`test\t${api.url}\ttrue\n`);
  expect((await arcadia(['context', 'use', 'other'], { env: unset })).exitCode).toBe(5);
  const note = join(folder, 'run.json');
  writeFileSync(note, JSON.stringify({ api: api.url, admin_token: TOKEN }), { mode: 0o600 });
  const beside = await arcadia(['me'], { env: { ...unset, DATA_DIR: folder, ARCADIA_CONFIG: join(folder, 'none.json') } });
  expect(beside.calls.map(({ authorization }) => authorization)).toEqual([`Bearer ${TOKEN}`]);
  expect((await arcadia(['me'], { env: { ARCADIA_TOKEN: 'expired' } })).exitCode).toBe(4);
  expect((await arcadia(['me'], { env: { ARCADIA_API: 'http://127.0.0.1:1' } })).err).toMatch(
    /^arcadia: The API cannot be reached: .*\(unreachable\)\n$/,
  );

  for (const broken of [`${TOKEN}\nx`, `${TOKEN} x`]) {
    expect((await arcadia(['me'], { env: { ARCADIA_TOKEN: broken } })).exitCode).toBe(2);
    expect((await arcadia(['api', 'GET', '/api/v1/me'], { env: { ARCADIA_TOKEN: broken } })).exitCode).toBe(2);
  }

  expect(printed).not.toMatch(new RegExp(`${TOKEN}|${STORED}`));
  const written = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(written.map(({ name }) => name).sort()).toEqual(['contexts.json', 'run.json']);
});

it('compares the audit record with the head of --head or --keep-head, and refuses a head that cannot be read [INV-14]', async () => {
  const verify = (...args: string[]) => arcadia(['audit', 'verify', ...args], { env: { ARCADIA_TOKEN: 'whole' } });
  const sent = ({ calls }: Awaited<ReturnType<typeof verify>>) => calls.map(({ call }) => call.replace('POST /api/v1/audit/verify ', ''));
  const heads = mkdtempSync(join(tmpdir(), 'arcadia-heads-'));
  const [kept, old, broken] = ['kept', 'old', 'broken'].map((name) => join(heads, `${name}.json`)) as [string, string, string];
  const head = JSON.stringify({ no: '7', hash: 'a'.repeat(64) });
  writeFileSync(old, head);
  expect(sent(await verify('--head', old))).toEqual([`{"head":${head}}`]);
  expect(readFileSync(old, 'utf8')).toBe(head);
  for (const text of ['', 'null', '{"no":"7"}']) {
    writeFileSync(broken, text);
    for (const option of ['--head', '--keep-head']) expect(await verify(option, broken)).toMatchObject({ exitCode: 2, calls: [] });
  }
  expect(await verify('--head', `${old}.none`)).toMatchObject({ exitCode: 2, calls: [] });
  expect(await verify('--head', old, '--keep-head', old)).toMatchObject({ exitCode: 2, calls: [] });

  expect(sent(await verify('--keep-head', kept))).toEqual(['{}']);
  expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual(NEW_HEAD);
  const before = statSync(kept).ino;
  expect(sent(await verify('--keep-head', kept))).toEqual([JSON.stringify({ head: NEW_HEAD })]);
  // The new file took the place of the old one: a crash while it is written leaves the old head.
  expect(statSync(kept).ino).not.toBe(before);
  expect(readdirSync(heads).filter((name) => name.endsWith('.new'))).toEqual([]);
  rmSync(heads, { recursive: true });
});

it('is one package that runs outside the repository and helps at once', async () => {
  const [packed = ''] = (await run('npm', ['pack', BUILT, '--silent', '--pack-destination', folder])).stdout.trim().split('\n');
  await run('tar', ['xzf', join(folder, packed), '-C', folder]);
  const command = join(folder, 'package/arcadia.js');
  expect((await run(process.execPath, [command, '--help'], { cwd: folder })).stdout).toContain('inventory');
  // Compared with a bare start of Node beside it, in time of the processor: a busy machine makes both slower.
  const cpuMs = async (program: string) => {
    const measured = `process.on('exit', () => process.stderr.write(JSON.stringify(process.cpuUsage()))); ${program}`;
    const { stderr } = await run(process.execPath, ['-e', measured, 'arcadia', '--help'], { cwd: folder });
    const { user, system } = JSON.parse(stderr) as NodeJS.CpuUsage;
    return (user + system) / 1_000;
  };
  const least = { bare: Infinity, help: Infinity };
  for (let nth = 0; nth < 5; nth += 1) {
    least.bare = Math.min(least.bare, await cpuMs(''));
    least.help = Math.min(least.help, await cpuMs(`require(${JSON.stringify(command)})`));
  }
  expect(least.help / least.bare).toBeLessThanOrEqual(MOST_HELP_COSTS);
});

it('sends events to a receiver of this machine, signed as Standard Webhooks has it, and shows one that fails [WHK-1]', async () => {
  const got: { readonly headers: Record<string, string>; readonly body: string }[] = [];
  const receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      got.push({ headers: request.headers as Record<string, string>, body });
      response.writeHead(got.length === 1 ? 204 : 500).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const secret = `whsec_${Buffer.from('a secret of the developer').toString('base64')}`;
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`;
  const env = { ARCADIA_WEBHOOK_SECRET: secret };
  const { out, err, exitCode } = await arcadia(['webhook', 'listen', url, '--limit', '2', '--fields', 'sequence,type,status'], { env });
  receiver.close();
  expect({ out, err, exitCode }).toEqual({
    out: '1207\tsaga.failed\t204\n1210\tsaga.failed\t500\n',
    err: expect.any(String) as string,
    exitCode: 0,
  });
  for (const { headers, body } of got) {
    const now = new Webhook(secret);
    jest.useFakeTimers({
      now: Date.parse('2026-11-29T12:00:00Z'),
      doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'queueMicrotask'],
    });
    expect(now.verify(body, headers)).toMatchObject({ type: 'saga.failed', data: { sequence: expect.any(Number) as number } });
    jest.useRealTimers();
  }
});
