import { loadConfig } from '#libs/config';
import { Database } from '#libs/database';
import { DigitalOcean } from '#libs/digitalocean';

/** A process that calls the provider as fast as it may until it is killed: `CALLERS` at once, always wanting the next call. */
const config = loadConfig(process.env);
const client = new DigitalOcean(config, new Database(config));

async function callForEver(): Promise<never> {
  for (;;) await client.get({ purpose: 'sync-full', path: '/v2/account', parse: () => undefined }).catch(() => undefined);
}

for (let n = 0; n < Number(process.env.CALLERS); n++) void callForEver();
