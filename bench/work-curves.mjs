// How the work behind the api grows with the platform: over copies of the worlds of world.mjs (SIZES=10000,100000), each of them thrown away
// afterwards. Detection, rating and building a month, acceptance of a start, the check of the chain, retention, and sweeps of as many droplets.
// One line for each figure, and with SVG_DIR=docs a picture for each kind of work. ONLY=regex selects.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { drawCurves } from './curve-pictures.mjs';
import {
  built,
  openDrift,
  openInventory,
  openProvisioning,
  openTenantBilling,
  pgClient,
  prepareDatabase,
  report,
  round,
  startHelper,
  startQuietSimulator,
} from './stage.mjs';
import { makeWorlds, startWorlds, worldName } from './world.mjs';

createRequire(import.meta.url)('reflect-metadata');
const SIZES = (process.env.SIZES ?? '10000,100000').split(',').map(Number);
const ONLY = new RegExp(process.env.ONLY ?? '');
const BECAUSE = { by: { sub: 'bench', role: 'platform_admin' }, reason: 'a measurement' };
const STARTS = 60;

const figures = [];
/** One figure: what came to how many ms, and of how many. */
function figure(size, group, name, ms, of) {
  const one = { size, group, name, p95_ms: round(ms, 1), ...of };
  figures.push(one);
  report('work-curves', one);
}
async function timed(work) {
  const from = performance.now();
  const result = await work();
  return { ms: performance.now() - from, result };
}

async function detection({ size, appUrl }) {
  const drift = await openDrift({ DATABASE_URL: appUrl });
  for (const name of ['first', 'unchanged']) {
    const { ms } = await timed(() => drift.detection.run());
    figure(size, 'detection', name, ms);
  }
  await drift.close();
}

async function month({ size, appUrl, owner }) {
  const { service, close } = await openTenantBilling({ DATABASE_URL: appUrl, DO_API_TOKEN: 'dop_v1_bench' });
  const { rows } = await owner.query(`select to_char(max(period), 'YYYY-MM') as period from cloud_invoices`);
  const { period } = rows[0];
  await owner.query(
    `update cloud_invoices i set status = 'ingested', reconciliation = 'released' where to_char(i.period, 'YYYY-MM') = $1`,
    [period],
  );
  const runs = service('BillingRunService');
  const { id } = await runs.create(period, BECAUSE);
  const rating = await timed(() => runs.run(id));
  const { totals } = (await runs.list({ limit: 1 }, period)).data[0];
  figure(size, 'month', 'rating', rating.ms, { lines: totals?.lines });
  const drafts = await timed(() => service('TenantInvoiceService').build(period, BECAUSE));
  figure(size, 'month', 'building drafts', drafts.ms, { tenants: totals?.tenants });
  await close();
}

async function acceptance({ size, appUrl, owner }) {
  const simulator = await startQuietSimulator();
  const env = { DATABASE_URL: appUrl, DO_API_URL: simulator.url, DO_API_TOKEN: simulator.token, SAGA_OPEN_PER_TENANT: '100000' };
  const sagas = await openProvisioning(env);
  await owner.query(`delete from tenant_limits where tenant_id <> 'default'`);
  for (const [name, pick] of [
    ['of a tenant of middle size', 'offset 50'],
    ['of the largest tenant', 'order by count(*) desc'],
  ]) {
    const { rows } = await owner.query(
      `select tenant_id from cloud_resources where tenant_id is not null and deleted_at is null group by 1 ${pick} limit 1`,
    );
    const { rows: found } = await owner.query(
      `select id from cloud_resources where tenant_id = $1 and kind = 'droplet' and deleted_at is null limit 1`,
      [rows[0].tenant_id],
    );
    const start = {
      kind: 'snapshot_droplet',
      input: { resource_id: found[0].id },
      tenantId: rows[0].tenant_id,
      ownerId: rows[0].tenant_id,
    };
    const { Acceptance } = built('libs/engine/saga/src/index.js');
    const acceptances = sagas.get(Acceptance);
    const took = [];
    for (let nth = 0; nth < STARTS; nth += 1) {
      const { ms } = await timed(() =>
        sagas.database.transaction((tx) => acceptances.judgeLocked([start], tx), acceptances.lockOf([start])),
      );
      if (nth >= 10) took.push(ms);
    }
    took.sort((a, b) => a - b);
    figure(size, 'acceptance', name, took[Math.floor(took.length * 0.95)], { p50_ms: round(took[Math.floor(took.length / 2)], 1) });
  }
  await sagas.close();
  await simulator.close();
}

async function chain({ size, appUrl, owner }) {
  const { verifyChain } = built('libs/platform/audit/src/index.js');
  const { withSession } = built('libs/platform/database/src/index.js');
  const { APPEND_ONLY_STREAMS } = built('libs/features/inventory/src/index.js');
  const { rows } = await owner.query('select coalesce(sum(row_count), 0)::int as rows from record_digests');
  const findings = [];
  const { ms } = await timed(() =>
    withSession(appUrl, 'service', (session) =>
      verifyChain(session, { streams: APPEND_ONLY_STREAMS, keepDays: 400 }, (one) => findings.push(one)),
    ),
  );
  figure(size, 'audit', 'check of the chain', ms, { rows: rows[0].rows, findings: findings.length });
}

async function retention({ size, appUrl }) {
  const inventory = await openInventory({ DATABASE_URL: appUrl, DO_API_TOKEN: 'dop_v1_bench' });
  const { Retention } = built('libs/platform/database/src/index.js');
  const { inventoryRetention } = built('libs/features/inventory/src/index.js');
  const { CONFIG } = built('libs/platform/config/src/index.js');
  const rules = inventoryRetention(inventory.get(CONFIG));
  const { ms, result } = await timed(() => new Retention(inventory.database).apply(rules));
  figure(size, 'retention', 'of the inventory', ms, { removed: result });
  await inventory.close();
}

async function sweeps({ size, appUrl, owner }) {
  const provider = await startHelper('./droplet-provider.mjs');
  const inventory = await openInventory({ DATABASE_URL: appUrl, DO_API_URL: provider.url, DO_API_TOKEN: 'dop_v1_bench' });
  await owner.query('truncate cloud_accounts, cloud_resources, cloud_resource_events, cloud_sweeps, resource_prices cascade');
  await fetch(`${provider.url}/set?n=${size}&off=1`);
  for (const name of ['first', 'unchanged']) {
    const { ms, result } = await timed(() => inventory.sweeps.run('droplet', { trigger: 'manual' }));
    figure(size, 'sweep', name, ms, { status: result.status });
    await owner.query('analyze cloud_resources');
  }
  await inventory.close();
  provider.stop();
}

/** In this order over one copy: sweeps empty it. */
const WORK = { acceptance, chain, detection, month, retention, sweeps };

const server = await startWorlds();
await makeWorlds(server, SIZES);
const admin = pgClient(server.ownerUrl('postgres'));
await admin.connect();
for (const size of SIZES) {
  const copy = `work_${size}`;
  await admin.query(`drop database if exists ${copy}`);
  await admin.query(`create database ${copy} template ${worldName(size)}`);
  const [ownerUrl, appUrl] = [server.ownerUrl(copy), server.appUrl(copy)];
  await prepareDatabase(ownerUrl, appUrl);
  const owner = pgClient(ownerUrl);
  await owner.connect();
  await owner.query('vacuum (analyze)');
  for (const [name, work] of Object.entries(WORK)) if (ONLY.test(name)) await work({ size, appUrl, owner });
  await owner.end();
  await admin.query(`drop database ${copy} with (force)`);
}
await admin.end();
if (!server.adopted) await server.stop();
if (process.env.SVG_DIR) {
  for (const [group, drawn] of drawCurves(figures)) writeFileSync(join(process.env.SVG_DIR, `curves-work-${group}.svg`), drawn);
}
