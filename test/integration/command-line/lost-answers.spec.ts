import { runArcadia, type Given } from '../../support/run-arcadia';
import { createTestApp } from '../../support/test-app';
import { documentedApi, problem, type Document, type Scripted } from './documented-api';

const ORDER = 'order provision_droplet --set name=shop-1 size_slug=s-1vcpu-2gb region=fra1 image=ubuntu-24-04-x64'.split(' ');
const LOST: Scripted = { status: 0, body: {}, isLost: true };

let api: Awaited<ReturnType<typeof documentedApi>>;
/** What the next starts of a saga are answered with, instead of the documented example. */
let starts: Scripted[] = [];
let isSagaReadable = true;
/** The last event of the feed. */
let last = 0;

beforeAll(async () => {
  const app = await createTestApp();
  const document = (await app.http().get('/api/openapi.json').expect(200)).body as Document;
  await app.close();
  api = await documentedApi(document, (call, { lastEventId }) => {
    if (call === 'POST /api/v1/sagas') return starts.shift();
    if (call.startsWith('GET /api/v1/sagas/') && !isSagaReadable) return LOST;
    if (call.startsWith('GET /api/v1/events/stream')) return streamed(Number(lastEventId ?? last));
    if (call.startsWith('GET /api/v1/events?')) return emptyListBeforeAnEvent();
    return undefined;
  });
});
beforeEach(() => {
  starts = [];
  isSagaReadable = true;
});
afterAll(() => api.close());

/** The events behind `after`; then the server ends the stream. */
function streamed(after: number): Scripted {
  const events = Array.from({ length: last - after }, (_none, index) => after + index + 1);
  const blocks = events.map((sequence) => `id: ${sequence}\ndata: ${JSON.stringify({ sequence })}\n\n`);
  return { status: 200, body: {}, stream: [`: open\nid: ${after}\n\n`, ...blocks].join('') };
}

/** An event follows the list before anything else is asked for. */
function emptyListBeforeAnEvent(): Scripted {
  last += 1;
  return { status: 200, body: { data: [], page: { next_cursor: null } } };
}

async function arcadia(args: readonly string[], given: Partial<Given> = {}) {
  const before = api.received.length;
  const ran = await runArcadia(args, { ...given, env: { ARCADIA_API: api.url, ARCADIA_TOKEN: 'token' } });
  return { ...ran, calls: api.received.slice(before) };
}
const keysOf = ({ calls }: Awaited<ReturnType<typeof arcadia>>) => calls.map(({ idempotencyKey }) => idempotencyKey);

it('repeats an order whose answer was lost once, with the same key [SAG-17]', async () => {
  for (const lost of [LOST, { status: 502, body: {} }]) {
    starts = [lost];
    const ordered = await arcadia(ORDER);
    expect(ordered).toMatchObject({ err: '', exitCode: 0 });
    const [key, repeated, ...more] = keysOf(ordered);
    expect(key).toMatch(/^[0-9a-f-]{36}$/);
    expect([repeated, more]).toEqual([key, []]);
  }
});

it('prints the key of an order of which nothing is known, and of no other [SAG-17]', async () => {
  const busy = problem(503, 'busy', 'Try again');
  for (const [answers, exitCode] of [
    [[LOST, LOST], 1],
    [[LOST, busy], 6],
  ] as const) {
    starts = [...answers];
    const ordered = await arcadia(ORDER);
    const [key = ''] = keysOf(ordered);
    expect(ordered.err).toContain(`--idempotency-key ${key}, which starts nothing twice\narcadia: `);
    expect([ordered.exitCode, keysOf(ordered)]).toEqual([exitCode, [key, key]]);
  }
  starts = [LOST, LOST];
  expect((await arcadia([...ORDER, '--idempotency-key', 'mine'])).err).toContain('--idempotency-key mine,');
  starts = [LOST];
  const ended = await arcadia(ORDER, { endsInPause: 1 });
  expect([ended.exitCode, ended.err]).toEqual([130, expect.stringContaining(`--idempotency-key ${keysOf(ended)[0]},`)]);
  starts = [busy];
  const refused = await arcadia(ORDER);
  expect([refused.err, refused.calls.length]).toEqual(['arcadia: Try again (busy, request request-1)\n', 1]);
});

it('prints the id of a saga when the wait for it is interrupted', async () => {
  isSagaReadable = false;
  const waited = await arcadia([...ORDER, '--wait']);
  const [, read] = waited.calls;
  expect(waited.exitCode).toBe(1);
  expect(waited.err).toContain(`Continue it with: arcadia saga watch ${read?.call.replace('GET /api/v1/sagas/', '')}\n`);
});

it('prints an event that happens between the empty list of --since and the stream', async () => {
  const tail = ['events', 'tail', '--since', '2026-11-29T00:00:00Z', '--limit', '1', '-o', 'tsv', '--fields', 'sequence'];
  last = 1206;
  expect(await arcadia(tail, { endsInPause: 1 })).toMatchObject({ out: '1207\n', exitCode: 0 });
  expect(await arcadia([...tail, '--after', '1000'], { endsInPause: 1 })).toMatchObject({ out: '1208\n', exitCode: 0 });
});
