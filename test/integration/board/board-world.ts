import { randomBytes } from 'node:crypto';
import { createBullBoard } from '@bull-board/api';
import type { AppControllerRoute, AppViewRoute, IServerAdapter } from '@bull-board/api/typings/app';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type request from 'supertest';
import { signGuardianToken, type GuardianClaims } from '#libs/identity';
import { QueueClients } from '#libs/queues';
import type { BackendKind } from '../../support/queue-world';
import { createTestDatabase } from '../../support/database';
import { JWT_SECRET } from '../../support/settings';
import { createTestApp } from '../../support/test-app';

export const HOST = 'board.example';

export const tokenOf = (claims: Partial<GuardianClaims> = {}, secret = JWT_SECRET): string =>
  signGuardianToken(secret, { sub: 'olga', roles: ['platform_admin'], ...claims });
export const ADMIN = { authorization: `Bearer ${tokenOf()}` };
export const TENANT = { authorization: `Bearer ${tokenOf({ roles: [], tenantId: 'acme' })}` };
/** The headers that a browser sends with an action from a page of our own. */
export const OUR_PAGE = { host: HOST, origin: `http://${HOST}`, 'sec-fetch-site': 'same-origin' };

export type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete' | 'options';

export interface BoardWorld {
  readonly queues: QueueClients;
  /** A superuser's connection, to read what the api stored. */
  readonly owner: Client;
  call(method: Method, path: string): request.Test;
  /** GET of an address outside the board. */
  outside(path: string): request.Test;
  close(): Promise<void>;
}

/** The real api with its queues on either backend. */
export async function newBoardWorld(kind: BackendKind, env: NodeJS.ProcessEnv = {}): Promise<BoardWorld> {
  const database = await createTestDatabase();
  const owner = new Client({ connectionString: database.ownerUrl });
  await owner.connect();
  const prefix = `board_${randomBytes(6).toString('hex')}`;
  const redisUrl = kind === 'redis' ? (process.env.TEST_REDIS_URL ?? '') : '';
  const { app, http, becomes, close } = await createTestApp({
    DATABASE_URL: database.appUrl,
    REDIS_URL: redisUrl,
    QUEUE_PREFIX: prefix,
    ...env,
  });
  await becomes('/api/health/ready', 200);
  return {
    queues: app.get(QueueClients),
    owner,
    call: (method, path) => http()[method](`/admin/queues${path}`),
    outside: (path) => http().get(path),
    close: async () => {
      await close();
      await owner.end();
      await database.drop();
      if (redisUrl) await deleteKeys(redisUrl, prefix);
    },
  };
}

async function deleteKeys(redisUrl: string, prefix: string): Promise<void> {
  const redis = new Redis(redisUrl);
  const keys = await redis.keys(`${prefix}:*`);
  if (keys.length > 0) await redis.del(keys);
  redis.disconnect();
}

export interface BoardRoute {
  readonly method: Method;
  readonly path: string;
}

/** Every address that this version of the board itself serves, with its parameters filled in. */
export function boardRoutes(): BoardRoute[] {
  const collected: BoardRoute[] = [{ method: 'get', path: '/static/favicon.ico' }];
  const collect = ({ method, route }: Pick<AppControllerRoute | AppViewRoute, 'method' | 'route'>): void => {
    for (const one of [method].flat())
      for (const path of [route].flat())
        collected.push({ method: one, path: path.replace(/:queueName/, 'sync-fast').replace(/:\w+/g, '1') });
  };
  const listener = new Proxy({} as IServerAdapter, {
    get: (_target, name) => (given: unknown) => {
      if (name === 'setEntryRoute') collect(given as AppViewRoute);
      if (name === 'setApiRoutes') (given as AppControllerRoute[]).forEach(collect);
      return listener;
    },
  });
  createBullBoard({ queues: [], serverAdapter: listener });
  return collected;
}
