import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import request from 'supertest';
import { loadConfig } from '#libs/config';
import { migrate } from '#libs/database';
import { signGuardianToken } from '#libs/identity';
import { prepareQueueSchema } from '#libs/queues';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../../support/database';
import { createApi } from '../../../apps/api/src/api-app';

const SECRET = 'outage-secret-outage-secret-outage-secret-outage-secret-outage-secret';
const ADMIN = { authorization: `Bearer ${signGuardianToken(SECRET, { sub: 'ops', roles: ['platform_admin'] })}` };

/** A proxy to PostgreSQL that can be cut and restored. */
class Wire {
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();
  private port = 0;

  constructor(private readonly target: URL) {}

  async mend(): Promise<void> {
    this.server = createServer((near) => {
      const far = connect(Number(this.target.port), this.target.hostname);
      for (const socket of [near, far])
        this.sockets.add(socket.on('error', () => this.drop(near, far)).on('close', () => this.drop(near, far)));
      near.pipe(far).pipe(near);
    }).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  async cut(): Promise<void> {
    const closed = this.server && once(this.server, 'close');
    this.server?.close();
    this.drop(...this.sockets);
    await closed;
  }

  get url(): string {
    const url = new URL(this.target);
    url.host = `127.0.0.1:${this.port}`;
    return url.href;
  }

  private drop(...sockets: Socket[]): void {
    for (const socket of sockets) {
      socket.destroy();
      this.sockets.delete(socket);
    }
  }
}

let of: TestDatabase;
let wire: Wire;
let app: NestExpressApplication;

async function start(database: Promise<TestDatabase>): Promise<void> {
  of = await database;
  wire = new Wire(new URL(of.appUrl));
  await wire.mend();
  app = await createApi(loadConfig({ NODE_ENV: 'test', LOG_LEVEL: 'error', JWT_SECRET: SECRET, DATABASE_URL: wire.url }));
  await app.listen(0, '127.0.0.1');
}
afterEach(async () => {
  await app.close();
  await wire.cut();
  await of.drop();
});

const get = (path: string) => request(app.getHttpServer()).get(path).set(ADMIN);
const list = () => get('/api/v1/inventory');

async function until(path: string, status: number): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if ((await get(path)).status === status) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${path} did not become ${status}`);
}

it('is alive but not ready before the schema exists, and becomes ready by itself [OPS-5]', async () => {
  await start(createEmptyDatabase());
  expect((await get('/api/health').expect(200)).body).toMatchObject({ status: 'ok' });
  const { body } = await get('/api/health/ready').expect(503);
  expect(body).toMatchObject({ code: 'not_ready', checks: { database: expect.stringMatching(/schema_missing|down/) as string } });
  expect((await list().expect(503)).body).toMatchObject({ code: 'not_ready' });
  await migrate(of.ownerUrl, { appUrl: of.appUrl });
  await prepareQueueSchema(of.ownerUrl);
  await until('/api/health/ready', 200);
  expect((await list().expect(200)).body).toMatchObject({ data: [], page: { next_cursor: null }, as_of: null });
});

it('returns 503 with Retry-After during a database outage, stays alive, and recovers by itself [OPS-3]', async () => {
  await start(createTestDatabase());
  await prepareQueueSchema(of.ownerUrl);
  await until('/api/health/ready', 200);
  await list().expect(200);
  await wire.cut();
  const { body, headers, text } = await list().expect(503);
  expect(body).toMatchObject({ code: 'database_unavailable' });
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect(text).not.toMatch(/ECONN|127\.0\.0\.1|postgres/); // TEN-10
  expect((await get('/api/health/ready').expect(503)).body).toMatchObject({ checks: { database: 'down', queues: 'down' } });
  expect((await get('/api/health/serving').expect(503)).body).toMatchObject({ checks: { database: 'down' } });
  await get('/api/health').expect(200);
  await wire.mend();
  await until('/api/health/ready', 200);
  await list().expect(200);
});
