import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { delimiter, join } from 'node:path';
import { freePort } from '../../libs/platform/local-stack/src/ports';
import { onTeardown } from './run/teardown-list';
import { until } from './until';

const PROGRAMS = ['redis-server', 'valkey-server'];
const START_LIMIT_MS = 10_000;

/**
 * Starts a server for this run and sets `TEST_REDIS_URL` for the test files, unless it is set already. Without a server
 * program on the PATH the suites that need Redis are skipped with a message. With `REQUIRE_REDIS=1` this is a failure.
 */
export async function startRedis(folder: string): Promise<void> {
  if (process.env.TEST_REDIS_URL) return;
  const program = findProgram();
  if (!program) {
    if (process.env.REQUIRE_REDIS === '1')
      throw new Error(`REQUIRE_REDIS=1, but neither ${PROGRAMS.join(' nor ')} is on the PATH and TEST_REDIS_URL is not set`);
    console.warn(`\nSKIPPED: the suites on Redis. Neither ${PROGRAMS.join(' nor ')} is on the PATH; install one or set TEST_REDIS_URL.\n`);
    return;
  }
  const server = await RedisServer.start(folder);
  onTeardown(() => server.kill());
  process.env.TEST_REDIS_URL = server.url;
}

/** A Redis or Valkey server of one test, which stores nothing on disk. */
export class RedisServer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly ended: Promise<unknown>,
    readonly port: number,
  ) {}

  /** Throws where no server program is installed. */
  static async start(folder: string, wishedPort?: number): Promise<RedisServer> {
    const program = findProgram();
    if (!program) throw new Error(`Neither ${PROGRAMS.join(' nor ')} is on the PATH`);
    const port = wishedPort ?? (await freePort());
    const dir = join(folder, 'redis');
    mkdirSync(dir, { recursive: true });
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir];
    const child = spawn(program, settings, { stdio: 'ignore' });
    const ended = once(child, 'exit');
    await answers(port, child);
    return new RedisServer(child, ended, port);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

function findProgram(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => existsSync(file));
}

async function answers(port: number, server: { exitCode: number | null }): Promise<void> {
  const isUp = () => {
    if (server.exitCode !== null) throw new Error(`The Redis server for the tests ended instead of listening on port ${port}`);
    return pongs(port);
  };
  await until(isUp, { withinMs: START_LIMIT_MS, what: `a response of the Redis server for the tests on port ${port}` });
}

function pongs(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' }, () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      resolve(data.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
  });
}
