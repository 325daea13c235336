// Fills the tables of a large world, in the order of their foreign keys: by COPY, or by one statement where the rows follow from others.
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { round } from './stage.mjs';
import { INVOICE_PRODUCTS, SIZES as DROPLET_SIZES, WORLD_KINDS, WORLD_REGIONS } from './world-rows.mjs';

const copyFrom = createRequire(import.meta.url)('pg-copy-streams').from;
const ACCOUNT = '00000000-0000-7000-8000-000000000001';
const LINES_PER_RESOURCE = 5;

/** 20 events a resource of the smallest world, 10 of the middle one, 5 of the largest. */
const eventsPer = (resources) => (resources >= 1_000_000 ? 5 : resources >= 100_000 ? 10 : 20);

const cell = (value) => (value === null || value === undefined ? '\\N' : typeof value === 'object' ? JSON.stringify(value) : value);

/** Rows into a table, in statements of `batch` rows where its triggers make one digest for each statement. Resolves with their number. */
async function copy(client, table, columns, rows, batch = Infinity) {
  const iterator = rows[Symbol.iterator]();
  const rest = { next: iterator.next() };
  let count = 0;
  while (!rest.next.done) {
    let inBatch = 0;
    const texts = function* () {
      let text = '';
      for (; inBatch < batch && !rest.next.done; inBatch += 1) {
        text += `${rest.next.value.map(cell).join('\t')}\n`;
        rest.next = iterator.next();
        if (text.length > 60_000) {
          yield text;
          text = '';
        }
      }
      if (text) yield text;
    };
    await pipeline(Readable.from(texts()), client.query(copyFrom(`copy ${table} (${columns}) from stdin`)));
    count += inBatch;
  }
  return count;
}

function* numbers(count, row) {
  for (let n = 0; n < count; n += 1) yield row(n);
}

/** `timed` is told the table and the work of each part. */
export async function fillWorld(client, world, timed) {
  const { resources, time, MINUTES } = world;
  await client.query(
    `insert into cloud_accounts (id, provider_account_id, identified_by, billing_history_read_at, tenants_registered_at) values ($1, 'world', 'team', now(), now())`,
    [ACCOUNT],
  );
  await timed('tenants', () => fillTenants(client, world));
  await timed('catalog', () => fillCatalog(client, world));
  const columns =
    'id, account_id, kind, provider_id, urn, name, region, status, size_slug, attrs, content_hash, tenant_id, cloud_project_id, attributed_by, attributed_ref, first_seen_at, last_seen_at, recorded_at, changed_at, deleted_at';
  const resourceRow = (n) => {
    const r = world.resource(n);
    const last = r.end ?? time(MINUTES - 1);
    return [r.id, ACCOUNT, r.kind, r.providerId, r.urn, r.name, r.region, r.status, r.sizeSlug, r.attrs, r.hash, r.tenant, r.project,
            r.project ? 'project' : 'fallback', r.project, r.first, last, r.first, last, r.end]; // prettier-ignore
  };
  await timed('cloud_resources', () => copy(client, 'cloud_resources', columns, numbers(resources, resourceRow)));
  await timed('resource_prices', () =>
    copy(client, 'resource_prices', 'resource_id, valid_from, valid_to, product, units, plan', priceRows(world)),
  );
  await timed('sagas', () => fillSagas(client, world));
  function* eventRows() {
    for (const e of world.events(eventsPer(resources))) yield [e.id, e.resource, e.tenant, e.type, e.source, e.at, e.changes];
  }
  await timed('cloud_resource_events', () =>
    copy(client, 'cloud_resource_events', 'id, resource_id, tenant_id, type, source, at, changes', eventRows(), 2_000),
  );
  await timed('cloud_cost_lines', () => fillInvoices(client, world));
  await timed('drift', () => fillDrift(client));
  await client.query(
    `insert into cloud_sweeps (account_id, kind, trigger, status, started_at, lease_until, finished_at, seen)
     select $1, kind, 'schedule', 'complete', now() - k * interval '5 minutes', now(), now() - k * interval '5 minutes', 100
       from unnest($2::text[]) kind, generate_series(0, 199) k`,
    [ACCOUNT, [...WORLD_KINDS, 'project', 'action']],
  );
}

async function fillTenants(client, { tenants, projectId, h, time }) {
  const names = Array.from({ length: tenants }, (_, n) => `tenant-${n + 1}`);
  await copy(client, 'tenants', 'id, name, contact_email, source, created_at', numbers(tenants, (n) => [names[n], `Tenant ${n + 1}`, `ops@tenant-${n + 1}.example`, 'admin', time(n)])); // prettier-ignore
  await copy(client, 'cloud_projects', 'id, account_id, provider_id, name, tenant_id, tenant_set_by, first_seen_at', numbers(tenants, (n) => [projectId(names[n]), ACCOUNT, projectId(names[n]), `Project ${n + 1}`, names[n], 'admin', time(n)])); // prettier-ignore
  await copy(client, 'tenant_limits', 'tenant_id, max_droplets, max_monthly_cost, open_sagas, changed_by', numbers(tenants, (n) => [names[n], 100_000, 10_000_000, 1_000, 'world'])); // prettier-ignore
  await copy(client, 'billing_profiles', 'tenant_id, legal_name, address, country, is_business, changed_by', numbers(tenants, (n) => [names[n], `Tenant ${n + 1} Ltd`, 'A street 1', ['AU', 'DE', 'US'][n % 3], true, 'world'])); // prettier-ignore
  const cards = await client.query(
    `insert into rate_cards (name, is_default, created_by) select 'Card ' || k, false, 'world' from generate_series(1, 3) k returning id`,
  );
  const ids = cards.rows.map(({ id }) => id);
  await client.query(
    `insert into rate_card_versions (card_id, version, valid_from, monthly, created_by) select unnest($1::uuid[]), 1, '2020-01-01', $2, 'world'`,
    [ids, { discount_percent: null, minimum_commitment: null, maximum_spend: null, recurring_fee: null }],
  );
  await client.query(
    `insert into rates (card_id, version, model) select unnest($1::uuid[]), 1, '{"type": "cost_plus", "percent": "20", "fixed_per_resource_month": "0", "min_margin": null, "max_margin": null}'`,
    [ids],
  );
  await client.query(`update rate_card_versions set published_at = now(), published_by = 'world', digest = md5(card_id::text) where card_id = any ($1::uuid[])`, [ids]); // prettier-ignore
  await copy(client, 'tenant_rate_cards', 'tenant_id, valid_from, card_id, changed_by', numbers(tenants, (n) => [names[n], '2020-01-01', ids[h(n, 60) % 3], 'world'])); // prettier-ignore
  return tenants * 5;
}

async function fillCatalog(client, world) {
  await copy(
    client,
    'provider_regions',
    'slug, name, available',
    WORLD_REGIONS.map((slug) => [slug, slug, true]),
  );
  await copy(client, 'provider_sizes', 'slug, memory_mb, vcpus, disk_gb, price_monthly, price_hourly, regions, available', DROPLET_SIZES.map(({ slug, memory, vcpus, price }) => [slug, memory, vcpus, vcpus * 25, price, round(price / 672, 5), `{${WORLD_REGIONS.join()}}`, true])); // prettier-ignore
  await client.query(
    `insert into provider_catalogue (name, taken_at) values ('offers', now()) on conflict (name) do update set taken_at = now()`,
  );
  const products = new Set();
  for (let n = 0; n < Math.min(world.resources, 50_000); n += 1) {
    const product = world.billed(world.resource(n))?.product;
    if (product) products.add(product);
  }
  const known = new Set((await client.query('select product from list_prices')).rows.map(({ product }) => product));
  const unknown = [...products].filter((product) => !known.has(product));
  const prices = unknown.map((product) => {
    const size = DROPLET_SIZES.find(({ slug }) => product === `droplet:${slug}`);
    return [product, size ? 'catalog' : 'configured', '2012-01-01T00:00:00Z', size?.price ?? 5, 'month', 'world'];
  });
  return copy(client, 'list_prices', 'product, source, valid_from, amount, unit, origin', prices);
}

/** One in thirty was resized once. */
function* priceRows(world) {
  for (let n = 0; n < world.resources; n += 1) {
    const one = world.resource(n);
    const billed = world.billed(one);
    if (!billed) continue;
    const { product, units, plan } = billed;
    const until = one.end ?? 'infinity';
    const changed =
      world.h(n, 61) % 30 === 0 && one.endMinute > one.minute + 1
        ? world.time(one.minute + Math.floor((one.endMinute - one.minute) / 2))
        : null;
    if (changed) yield [one.id, '-infinity', changed, product, '1', plan];
    yield [one.id, changed ?? '-infinity', until, product, units, plan];
  }
}

/** 100,000 at the largest: orders and deletions of three steps; one in fifty failed or was rolled back, one in a thousand awaits approval. */
async function fillSagas(client, world) {
  const { resources, h, time, idAt, MINUTES } = world;
  const sagas = resources / 10;
  const at = (n) => Math.floor((n / sagas) * (MINUTES - 60));
  const steps = ['check_order', 'create_droplet', 'register_resource'];
  const statusOf = (n) => (h(n, 70) % 1_000 === 0 ? 'awaiting_approval' : h(n, 70) % 100 === 1 ? 'failed' : h(n, 70) % 100 === 2 ? 'rolled_back' : 'completed'); // prettier-ignore
  const row = (n) => {
    const status = statusOf(n);
    const target = world.resource(h(n, 71) % resources);
    const waits = status === 'awaiting_approval';
    return [idAt(at(n), n, 5), h(n, 72) % 3 ? 'provision_droplet' : 'destroy_droplet', target.tenant, { name: target.name, resource_id: target.id, region: target.region },
            `{${steps.join()}}`, status, waits ? 0 : 3, `user-${h(n, 73) % 500}`, time(at(n)), waits ? null : time(at(n) + 2), null]; // prettier-ignore
  };
  const count = await copy(client, 'saga_runs', 'id, kind, tenant_id, input, steps, status, step_idx, created_by, created_at, finished_at, wake_at', numbers(sagas, row)); // prettier-ignore
  function* stepRows() {
    for (let n = 0; n < sagas; n += 1) {
      if (statusOf(n) === 'awaiting_approval') continue;
      for (const [k, step] of steps.entries())
        yield [idAt(at(n), n, 5), k, step, 'completed', 1, {}, time(at(n)), time(at(n)), time(at(n) + 1)];
    }
  }
  const lines = await copy(
    client,
    'saga_steps',
    'saga_id, step_idx, name, status, attempts, output, started_at, tried_since, finished_at',
    stepRows(),
  );
  await client.query(
    `insert into saga_approvals (saga_id, subject, why, asked_by, asked_at, expires_at)
     select id, 'start', 'above the limit', created_by, created_at, created_at + interval '7 days' from saga_runs where status = 'awaiting_approval'`,
  );
  const entry = (n) => [time(at(n)), `user-${h(n, 73) % 500}`, 'tenant', null, 'saga.start', 'saga', idAt(at(n), n, 5), { tenant_id: world.resource(h(n, 71) % resources).tenant }, `req-${n}`]; // prettier-ignore
  const audited = await copy(client, 'audit_log', 'at, actor, actor_role, actor_tenant_id, action, target_type, target_id, details, request_id', numbers(sagas, entry), 2_000); // prettier-ignore
  return count + lines + audited;
}

/** 24 months of the provider's invoices with five lines a resource altogether, matched to resources and their tenants. */
async function fillInvoices(client, world) {
  const perMonth = Math.ceil((world.resources * LINES_PER_RESOURCE) / 24);
  const columns =
    'invoice_id, line_no, product, kind, description, provider_ref, resource_id, match_method, project_name, tenant_id, hours, started_at, ended_at, amount, is_tax';
  const charged = chargedCells(world);
  let count = 0;
  for (let month = 0; month < 24; month += 1) {
    const id = world.idAt(month, month, 6);
    const end = new Date(world.endMs);
    const period = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() - 24 + month, 1));
    const next = new Date(Date.UTC(period.getUTCFullYear(), period.getUTCMonth() + 1, 1));
    await client.query(
      `insert into cloud_invoices (id, account_id, invoice_uuid, period, issued_on, amount, status, ingested_at, lines, matched_lines, lines_amount, document_hash, reconciliation, counted_since)
       values ($1::uuid, $2, $1::text, $3::date, $4::date, 0, 'ingested', $4::date, $5, $5, 0, md5($1::text), 'reconciled', '2020-01-01')`,
      [id, ACCOUNT, period.toISOString().slice(0, 10), next.toISOString().slice(0, 10), perMonth],
    );
    const times = [744, period.toISOString(), next.toISOString()];
    function* lines() {
      const first = Math.floor((month / 48) * charged.length);
      for (let k = 0; k < perMonth; k += 1) {
        const resource = charged[(first + k * 4 + (world.h(k, 80) % 4)) % charged.length];
        yield [id, k + 1, resource, ...times, ((world.h(k, 81) % 4_000) / 100 + 0.01).toFixed(2), false];
      }
    }
    count += await copy(client, 'cloud_cost_lines', columns, lines());
    await client.query(
      `update cloud_invoices i set amount = s.amount, lines_amount = s.amount, tax_amount = 0, lines_value = s.amount, attributed_value = s.amount
         from (select sum(amount) as amount from cloud_cost_lines where invoice_id = $1) s where id = $1`,
      [id],
    );
  }
  return count;
}

/** The cells of a line that a resource decides, for each that invoices charge for: they are written again for each of its lines. */
function chargedCells({ resources, resource }) {
  const cells = [];
  for (let n = 0; n < resources; n += 1) {
    const { kind, name, providerId, id, project, tenant } = resource(n);
    const product = INVOICE_PRODUCTS[kind];
    if (product) cells.push([product, kind, name, providerId, id, 'provider_id', project && 'project', tenant].map(cell).join('\t'));
  }
  return cells;
}

/** One droplet in ten has a desired state, one in ten of these an open difference. */
async function fillDrift(client) {
  const desired = await client.query(
    `insert into cloud_provisioned (resource_id, spec)
     select id, jsonb_build_object('size_slug', size_slug, 'region', region, 'tags', attrs -> 'tags', 'name', name) from cloud_resources
      where kind = 'droplet' and deleted_at is null and right(provider_id, 1) = '0'`,
  );
  const found = await client.query(
    `insert into cloud_drift (resource_id, field, expected, actual, spec_version, severity)
     select resource_id, 'size_slug', '"s-1vcpu-1gb"', '"s-2vcpu-2gb"', 1, 'high' from cloud_provisioned p join cloud_resources r on r.id = p.resource_id
      where right(r.provider_id, 2) = '00'`,
  );
  return desired.rowCount + found.rowCount;
}
