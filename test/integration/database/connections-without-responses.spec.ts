import { Socket } from 'node:net';
import { dataSourceOn, DatabaseUnavailableError, type Database } from '#libs/database';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { aDatabase } from '../../support/a-database';
import { SilentProxy } from './silent-proxy';

/** Longer than the client waits for a response, which is a little longer than the server lets a statement run. */
const STATEMENT_LIMIT_MS = 60_000;
const QUERY_LIMIT_MS = 65_000;

let stored: TestDatabase;
let line: SilentProxy;
let database: Database;
beforeAll(async () => {
  stored = await createTestDatabase();
});
afterAll(() => stored.drop());
beforeEach(async () => {
  const through = await SilentProxy.to(stored.appUrl);
  line = through.line;
  // The test advances the driver's timers. The network and the server keep real time.
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date', 'hrtime', 'setInterval'] });
  database = aDatabase(through.url);
});
afterEach(async () => {
  await database.close();
  await line.end();
  jest.useRealTimers();
});

/** Advances the time limits of an unanswered statement. Returns its error before and after the client's limit. */
async function passTimeLimits(work: Promise<unknown>): Promise<{ early: unknown; error: unknown }> {
  let error: unknown;
  const ended = work.catch((reason: unknown) => (error = reason));
  const deadlineMs = performance.now() + 10_000;
  while (line.bytesLost === 0) {
    if (performance.now() > deadlineMs) throw new Error('nothing was sent into the silence');
    await new Promise(setImmediate);
  }
  jest.advanceTimersByTime(STATEMENT_LIMIT_MS);
  await new Promise(setImmediate);
  const early = error;
  jest.advanceTimersByTime(QUERY_LIMIT_MS - STATEMENT_LIMIT_MS);
  await ended;
  return { early, error };
}

async function backend(): Promise<number | undefined> {
  const [row] = await database.query<{ pid: number }>('select pg_backend_pid() as pid');
  return row?.pid;
}

it('ends a statement on a silent network as unavailable, and does not use its connection again [OPS-3]', async () => {
  const before = await backend();
  line.silence();
  const { early, error } = await passTimeLimits(database.query('select 1'));
  expect(early).toBeUndefined();
  expect(error).toBeInstanceOf(DatabaseUnavailableError);
  line.restore();
  expect(await backend()).not.toBe(before);
});

it('ends a repository’s statement on a silent network as unavailable, and does not use its connection again [OPS-3]', async () => {
  const repositories = dataSourceOn(database.platformPool, { database: 'any', entities: [] });
  await repositories.initialize();
  const before = await backend();
  line.silence();
  const { early, error } = await passTimeLimits(repositories.query('select 1'));
  expect(early).toBeUndefined();
  expect(error).toBeInstanceOf(DatabaseUnavailableError);
  line.restore();
  expect(await backend()).not.toBe(before);
});

it.each([
  { when: 'in its middle', statement: 'select 1' },
  { when: 'at its commit', statement: undefined },
])('ends a transaction on a network that fell silent $when at once, without waiting for a rollback too [OPS-3]', async ({ statement }) => {
  const before = await backend();
  let runs = 0;
  const work = database.transaction(async (tx) => {
    runs += 1;
    await tx.query('select 1');
    line.silence();
    if (statement !== undefined) await tx.query(statement);
  });
  const { early, error } = await passTimeLimits(work);
  expect(early).toBeUndefined();
  expect(error).toBeInstanceOf(DatabaseUnavailableError);
  expect(runs).toBe(1); // its commit may have arrived
  line.restore();
  expect(await backend()).not.toBe(before);
});

it('keeps the connection after a statement that is wrong', async () => {
  const before = await backend();
  await expect(database.query('select nonsense')).rejects.toMatchObject({ code: '42703' });
  await expect(database.transaction((tx) => tx.query('select nonsense'))).rejects.toMatchObject({ code: '42703' });
  expect(await backend()).toBe(before);
});

it('lets the operating system probe idle connections from 10 s on', async () => {
  const probed = jest.spyOn(Socket.prototype, 'setKeepAlive');
  await database.ping();
  expect(probed).toHaveBeenCalledWith(true, 10_000);
});
