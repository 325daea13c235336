import { loadConfig } from '#libs/config';
import { Database } from '#libs/database';
import { aClient } from '../../support/a-client';

/**
 * A process that calls the provider as fast as it may until it is killed, with `CALLERS` concurrent callers in a loop. They act
 * as sweeps, or with `SAGAS` set as the writes of sagas. `NAME` is part of every path.
 */
const config = loadConfig(process.env);
const client = aClient(config, new Database(config));
const path = `/v2/${process.env.NAME ?? 'account'}`;
const parse = () => undefined;
const call = () =>
  process.env.SAGAS
    ? client.send({ purpose: 'provisioning', method: 'POST', path, body: {}, parse })
    : client.get({ purpose: 'sync-full', path, parse });

async function callForEver(): Promise<never> {
  for (;;) await call().catch(() => undefined);
}

for (let n = 0; n < Number(process.env.CALLERS); n++) void callForEver();
