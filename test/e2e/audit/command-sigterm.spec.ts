import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '../../support/until';
import { ChainWorld } from '../../support/chain-world';

const CLI = join(__dirname, '../../../dist/apps/cli/src/main.js');

it('ends a command at once on SIGTERM when it runs as the first process of a container, which has no default signal handlers [OPS-6]', async () => {
  const world = await ChainWorld.open();
  try {
    await world.superuser.query('begin; lock table record_chain in access exclusive mode');
    const env = { PATH: process.env.PATH, DATABASE_URL: world.stored.appUrl };
    const child = spawn(process.execPath, [CLI, 'audit:verify'], { env, stdio: 'ignore' });
    const ended = once(child, 'exit');
    const waits = `select 1 from pg_locks where relation = 'record_chain'::regclass and not granted`;
    await until(async () => (await world.database.query(waits)).length > 0, { what: 'the command to wait' });
    child.kill('SIGTERM');
    expect(await ended).toEqual([143, null]); // The command exits by itself and is not ended by the signal.
    await world.superuser.query('rollback');
  } finally {
    await world.close();
  }
});
