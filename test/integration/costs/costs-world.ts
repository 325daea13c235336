import { CostRollup, CostService, CostsModule } from '#libs/costs';
import { Database } from '#libs/database';
import type { Type } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { createTestDatabase } from '../../support/database';
import { UNLIMITED_CALLS } from '../../support/settings';
import { startTestProvider } from '../../support/test-provider';
import { createTestWorker } from '../../support/test-worker';

/** What a resource is billed as from a time on, and whose it is. Times are ms. */
export interface History {
  readonly id: string;
  readonly kind: string;
  readonly bornMs: number;
  /** Infinity: it is alive. */
  readonly diedMs: number;
  readonly sizes: readonly { readonly fromMs: number; readonly product: string; readonly units: string; readonly plan: string | null }[];
  readonly owners: readonly { readonly fromMs: number; readonly tenant: string | null }[];
}

export interface CostsWorld {
  readonly costs: CostService;
  readonly database: Database;
  readonly owner: Client;
  readonly service: <T>(type: Type<T>) => T;
  /** Writes resources with their histories as a recorder of this service would have written them. */
  readonly record: (histories: readonly History[]) => Promise<void>;
  /** Writes the histories of known resources anew, as corrections of the past do. */
  readonly rewrite: (histories: readonly History[]) => Promise<void>;
  readonly rollup: CostRollup;
  /** Begins the roll-up in a month (`2026-02`) with everything noted and nothing folded. */
  readonly rollUpFrom: (month: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

const time = (ms: number, none: string) => (Number.isFinite(ms) ? new Date(ms).toISOString() : none);

export async function newCostsWorld(simulated: { empty?: boolean; seed?: number } = { empty: true }): Promise<CostsWorld> {
  const { provider, settings } = await startTestProvider(simulated);
  const stored = await createTestDatabase();
  const context = await createTestWorker([CostsModule], { ...UNLIMITED_CALLS, DATABASE_URL: stored.appUrl, ...settings });
  const owner = new Client({ connectionString: stored.ownerUrl });
  await owner.connect();
  const accountId = randomUUID();
  const rollup = context.get(CostRollup, { strict: false });
  const world: CostsWorld = {
    costs: context.get(CostService, { strict: false }),
    database: context.get(Database),
    owner,
    service: (type) => context.get(type, { strict: false }),
    record: async (histories) => {
      const rows = histories.map((history) => ({
        ...history,
        account_id: accountId,
        born: time(history.bornMs, ''),
        died: Number.isFinite(history.diedMs) ? time(history.diedMs, '') : null,
        tenant: history.owners.at(-1)?.tenant ?? null,
      }));
      await owner.query(
        `insert into cloud_resources (id, account_id, kind, provider_id, urn, name, status, attrs, content_hash, tenant_id, first_seen_at, last_seen_at, deleted_at)
         select id, account_id, kind, id::text, 'do:' || kind || ':' || id, kind, case when died is null then 'active' else 'deleted' end,
                jsonb_build_object('created_at', born), 'hash', tenant, born, born, died
           from json_to_recordset($1) as r(id uuid, account_id uuid, kind text, tenant text, born timestamptz, died timestamptz)`,
        [JSON.stringify(rows)],
      );
      const prices = histories.flatMap(({ id, sizes }) =>
        sizes.map((size, at) => ({
          id,
          ...size,
          from: at === 0 ? '-infinity' : time(size.fromMs, ''),
          until: time(sizes[at + 1]?.fromMs ?? Infinity, 'infinity'),
        })),
      );
      await owner.query(
        `insert into resource_prices (resource_id, valid_from, valid_to, product, units, plan)
         select id, "from", until, product, units, plan
           from json_to_recordset($1) as p(id uuid, "from" timestamptz, until timestamptz, product text, units numeric, plan text)`,
        [JSON.stringify(prices)],
      );
      const moves = histories.flatMap(({ id, owners }) =>
        owners.slice(1).map(({ fromMs, tenant }, at) => ({ id, at: time(fromMs, ''), old: owners[at]?.tenant ?? null, new: tenant })),
      );
      await owner.query(
        `insert into cloud_resource_events (resource_id, tenant_id, type, source, at, changes)
         select id, null, 'attributed', 'admin', at, jsonb_build_object('tenant_id', jsonb_build_object('old', old, 'new', new))
           from json_to_recordset($1) as m(id uuid, at timestamptz, old text, new text) order by at`,
        [JSON.stringify(moves)],
      );
    },
    rewrite: async (histories) => {
      const ids = histories.map(({ id }) => id);
      await owner.query('begin');
      await owner.query('delete from cloud_resource_events where resource_id = any ($1::uuid[])', [ids]);
      await owner.query('delete from resource_prices where resource_id = any ($1::uuid[])', [ids]);
      await owner.query('delete from cloud_resources where id = any ($1::uuid[])', [ids]);
      await world.record(histories);
      await owner.query('commit');
    },
    rollup,
    rollUpFrom: async (month) => {
      await owner.query('delete from cost_rollups');
      await rollup.run(); // of the running month
      await owner.query('truncate cost_rollup_shapes, cost_rollup_groups, cost_rollup_members, cost_rollup_changes');
      await owner.query('update cost_rollups set month = $1', [`${month}-01T00:00:00Z`]);
      await owner.query('insert into cost_rollup_changes select id from cloud_resources');
    },
    close: async () => {
      await owner.end();
      await context.close();
      await provider.close();
      await stored.drop();
    },
  };
  return world;
}

/** The rates of the tests: monthly amounts by product. */
export async function setRates(
  world: CostsWorld,
  rates: Readonly<Record<string, string>>,
  source = 'catalog',
  from = '2012-01-01',
): Promise<void> {
  for (const [product, amount] of Object.entries(rates))
    await world.owner.query(
      `insert into list_prices (product, source, valid_from, amount, unit, origin) values ($1, $2, $3, $4, 'month', 'a test')`,
      [product, source, `${from}T00:00:00Z`, amount],
    );
}

/** The first record of the account: from then on everything that existed is known. */
export async function recordSince(world: CostsWorld, at: string): Promise<void> {
  await world.owner.query(
    `insert into cloud_resource_events (resource_id, type, source, at) values (gen_random_uuid(), 'discovered', 'sweep', $1)`,
    [at],
  );
}
