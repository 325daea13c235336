// The feed at N events (N=1000000): how fast they get numbers, and the time of a page of 100 (docs/measurements.md E1). Before that, first sweeps of
// SWEPT droplets (SWEPT=100000, TURNS=2) without and with a process that numbers meanwhile, by turns (I2).
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { openInventory, pgClient, report, round, startDatabase, startHelper } from './stage.mjs';

const require = createRequire(import.meta.url);
const built = (path) => require(fileURLToPath(new URL(`../dist/${path}`, import.meta.url)));
const { EventReader, EventSequencer } = built('libs/platform/events/src/index.js');
const { ChainSealer } = built('libs/platform/audit/src/index.js');

const N = Number(process.env.N ?? 1_000_000);
const SWEPT = Number(process.env.SWEPT ?? 100_000);
const TURNS = Number(process.env.TURNS ?? 2);
const PAGES = Number(process.env.PAGES ?? 300);

/** As the task of a worker: links, numbers, and waits half a second. */
async function numberForEver(env) {
  const inventory = await openInventory(env);
  process.send('ready');
  for (;;) {
    await inventory.get(ChainSealer).seal();
    await inventory.get(EventSequencer).number();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function measure() {
  const server = await startDatabase();
  const provider = await startHelper('droplet-provider.mjs');
  const owner = pgClient(server.ownerUrl);
  await owner.connect();
  const env = {
    DATABASE_URL: server.appUrl,
    DO_API_URL: provider.url,
    DO_API_TOKEN: 'dop_v1_bench',
    ACCOUNT_CHECK_MS: '3600000',
    STRIKE_SPACING_MS: '0',
  };
  const inventory = await openInventory(env);
  const number = async () => {
    await inventory.get(ChainSealer).seal();
    return inventory.get(EventSequencer).number();
  };

  const sweeps = { alone: [], numbered: [] };
  await fetch(`${provider.url}/set?n=${SWEPT}&off=1`);
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const what of ['alone', 'numbered']) {
      await owner.query(
        'truncate cloud_resources, cloud_resource_events, cloud_sweeps, record_digests, record_waiting, record_chain, events, event_numbers, event_sequencer cascade',
      );
      const child =
        what === 'numbered'
          ? fork(fileURLToPath(import.meta.url), { env: { ...process.env, NUMBER_FOR_EVER: JSON.stringify(env) } })
          : undefined;
      if (child) await new Promise((resolve) => child.once('message', resolve));
      const from = performance.now();
      const ended = await inventory.sweeps.run('droplet', { trigger: 'manual' });
      sweeps[what].push(Math.round(SWEPT / ((performance.now() - from) / 1000)));
      if (ended.status !== 'complete') throw new Error(`the sweep ended ${ended.status}`);
      child?.kill('SIGKILL');
    }
  }

  await owner.query(
    'truncate cloud_resources, cloud_resource_events, cloud_sweeps, record_digests, record_waiting, record_chain, events, event_numbers, event_sequencer cascade',
  );
  await owner.query(
    `insert into cloud_resources (account_id, kind, provider_id, urn, name, region, status, size_slug, attrs, content_hash, tenant_id, first_seen_at, last_seen_at)
     select a.id, case when i % 3 = 0 then 'volume' else 'droplet' end, i::text, 'do:droplet:' || i, 'p' || i, 'syd1', 'active', 's-1vcpu-1gb', '{}', md5(i::text),
            't' || i % 100, now(), now() from cloud_accounts a, generate_series(1, 100000) i`,
  );
  for (let at = 0; at < N; at += 20_000) {
    await owner.query(
      `insert into cloud_resource_events (resource_id, tenant_id, type, source, changes)
       select r.id, r.tenant_id, case when random() < 0.1 then 'discovered' else 'updated' end, 'sweep', '{"status":{"old":"active","new":"off"}}'
         from cloud_resources r order by random() limit 18000`,
    );
    await owner.query(
      `insert into events (type, tenant_id, actor, by_platform, source, subject_type, subject_id, subject_kind, data)
       select case when random() < 0.01 then 'saga.failed' else 'saga.completed' end, 't' || i % 100, 'u' || i % 1000, i % 5 = 0, 'saga', 'saga', gen_random_uuid(), 'resize_droplet',
              '{"duration_ms":61204}' from generate_series(1, 2000) i`,
    );
  }
  await owner.query('analyze');
  const from = performance.now();
  const numbered = await number();
  const per_s = Math.round(numbered / ((performance.now() - from) / 1000));
  await owner.query('analyze event_numbers');
  const { rows: middle } = await owner.query(
    'select resource_id, numbered_at, (select max(numbered_at) from event_numbers) as last from event_numbers where sequence = $1',
    [Math.round(numbered / 2)],
  );
  const [{ resource_id, numbered_at, last }] = middle;
  const reader = inventory.get(EventReader);
  const platform = { kind: 'platform' };
  const tenant = { kind: 'tenant', tenantId: 't7' };
  const anywhere = () => Math.floor(Math.random() * numbered);
  const asked = {
    'admin, after': [platform, () => ({ after: anywhere() })],
    'admin, rare type': [platform, () => ({ after: anywhere(), types: ['saga.failed'] })],
    'admin, type that no event has': [platform, () => ({ types: ['invoice.mismatch'] })],
    'admin, kind': [platform, () => ({ after: anywhere(), kinds: ['volume'] })],
    'admin, resource': [platform, () => ({ resource_id })],
    'admin, actor': [platform, () => ({ actor: 'u7' })],
    'admin, since': [platform, () => ({ since: numbered_at.toISOString() })],
    'admin, until, from the end': [platform, () => ({ after: numbered - 50, until: last.toISOString() })],
    'tenant, first page': [tenant, () => ({})],
    'tenant, after': [tenant, () => ({ after: anywhere() })],
    'tenant, type': [tenant, () => ({ after: anywhere(), types: ['saga.failed'] })],
    'tenant, since': [tenant, () => ({ since: numbered_at.toISOString() })],
  };
  const pages = {};
  for (const [what, [scope, filters]] of Object.entries(asked)) {
    const times = [];
    for (let page = 0; page < PAGES; page += 1) {
      const start = performance.now();
      await reader.list(scope, filters(), { limit: 100 });
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    pages[what] = { p50: round(times[Math.floor(PAGES * 0.5)]), p95: round(times[Math.floor(PAGES * 0.95)]) };
  }
  const { rows: size } = await owner.query(`select pg_total_relation_size('event_numbers') as bytes`);
  report('events', {
    sweeps_per_s: sweeps,
    numbered,
    numbered_per_s: per_s,
    bytes_each: Math.round(size[0].bytes / numbered),
    pages_ms: pages,
  });
  await inventory.close();
  await owner.end();
  await provider.stop?.();
  await server.stop();
  process.exit(0);
}

if (process.env.NUMBER_FOR_EVER) await numberForEver(JSON.parse(process.env.NUMBER_FOR_EVER));
else await measure();
