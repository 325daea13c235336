import { dataSourceOn, DatabaseUnavailableError, withSession } from '#libs/database';
import { prepareQueueSchema } from '#libs/queues';
import { openPostgresConnection } from '../../../libs/platform/queues/src/postgres-backend';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { aDatabase } from '../../support/a-database';
import { sessionEndingProxy } from './session-ending-proxy';

const ENDED_SESSIONS = 3;

let stored: TestDatabase;
let line: Awaited<ReturnType<typeof sessionEndingProxy>>;
beforeAll(async () => {
  stored = await createTestDatabase();
  await prepareQueueSchema(stored.ownerUrl);
});
afterAll(() => stored.drop());
beforeEach(async () => {
  line = await sessionEndingProxy(stored.appUrl, ENDED_SESSIONS);
});
afterEach(() => line.end());

/** Retries until the server keeps a session open. Returns the failures before it. */
async function untilOpen<T>(attempt: () => Promise<T>): Promise<{ answer: T; failures: unknown[] }> {
  const failures: unknown[] = [];
  for (;;) {
    try {
      return { answer: await attempt(), failures };
    } catch (error) {
      failures.push(error);
      if (failures.length > ENDED_SESSIONS) throw error;
    }
  }
}

describe('a session that the server ends in the packet that opens it [OPS-3]', () => {
  it('ends no process that uses the database client', async () => {
    const database = aDatabase(line.url);
    const { answer, failures } = await untilOpen(() => database.query('select 1 as one'));
    await database.close();
    expect({ answer, ended: line.counts.ended }).toEqual({ answer: [{ one: 1 }], ended: ENDED_SESSIONS });
    expect(failures).toHaveLength(ENDED_SESSIONS);
    for (const failure of failures) expect(failure).toBeInstanceOf(DatabaseUnavailableError);
  });

  it('ends no process that uses a repository', async () => {
    const database = aDatabase(line.url);
    const repositories = dataSourceOn(database.platformPool, { database: 'any', entities: [] });
    await repositories.initialize();
    const { answer, failures } = await untilOpen(() => repositories.query('select 1 as one'));
    await database.close();
    expect({ answer, ended: line.counts.ended }).toEqual({ answer: [{ one: 1 }], ended: ENDED_SESSIONS });
    expect(failures).toHaveLength(ENDED_SESSIONS);
    for (const failure of failures) expect(failure).toBeInstanceOf(DatabaseUnavailableError);
  });

  it('ends no operator’s command', async () => {
    const { answer } = await untilOpen(() => withSession(line.url, 'service', (session) => session.query('select 1 as one')));
    expect({ answer, ended: line.counts.ended }).toEqual({ answer: [{ one: 1 }], ended: ENDED_SESSIONS });
  });

  it('ends no worker that waits for notifications', async () => {
    const connection = openPostgresConnection(line.url, 1);
    const { answer } = await untilOpen(async () => (await connection.getListenClient()).query('select 1 as one'));
    await connection.close();
    expect({ answer: answer.rows, ended: line.counts.ended }).toEqual({ answer: [{ one: 1 }], ended: ENDED_SESSIONS });
  });
});
