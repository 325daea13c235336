import { Database } from '#libs/database';
import { TenantBillingModule } from '#libs/tenant-billing';
import type { Type } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { createTestDatabase } from '../../support/database';
import { UNLIMITED_CALLS } from '../../support/settings';
import { createTestWorker } from '../../support/test-worker';

/** A resource, and whose it was from which time on. The first owner counts from before its creation. Times are ms. */
export interface OwnedResource {
  readonly id: string;
  readonly kind: string;
  readonly region?: string;
  readonly sizeSlug?: string;
  readonly tags?: readonly string[];
  readonly owners: readonly { readonly fromMs: number; readonly tenant: string | null }[];
}

/** A line of the provider. `tenant`: the owner of its project at the ingest. */
export interface ProviderLine {
  readonly product: string;
  readonly kind: string;
  readonly amount: string;
  readonly description?: string;
  readonly project?: string;
  readonly resourceId?: string | null;
  readonly tenant?: string | null;
  readonly hours?: string | null;
  readonly fromMs?: number | null;
  readonly untilMs?: number | null;
}

export interface ProviderInvoice {
  readonly lines: readonly ProviderLine[];
  /** The sum of the lines unless given. */
  readonly amount?: string;
  readonly reconciliation?: 'reconciled' | 'mismatch' | 'released';
}

export interface RatingWorld {
  readonly database: Database;
  /** A superuser connection, which sees every row. */
  readonly owner: Client;
  /** For processes of their own. */
  readonly appUrl: string;
  readonly service: <T>(type: Type<T>) => T;
  readonly resources: (resources: readonly OwnedResource[]) => Promise<void>;
  /** Writes the provider's invoices of a month as an ingest leaves them. */
  readonly invoices: (month: string, invoices: readonly ProviderInvoice[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

export const BECAUSE = { by: { sub: 'ops', role: 'platform_admin' }, reason: 'a test' } as const;

const iso = (ms: number | null | undefined): string | null => (ms === null || ms === undefined ? null : new Date(ms).toISOString());

/** The services of tenant billing on their own database. Nothing calls the provider. */
export async function newRatingWorld(env: NodeJS.ProcessEnv = {}): Promise<RatingWorld> {
  const stored = await createTestDatabase();
  const context = await createTestWorker([TenantBillingModule], { ...UNLIMITED_CALLS, DATABASE_URL: stored.appUrl, ...env });
  const owner = new Client({ connectionString: stored.ownerUrl });
  await owner.connect();
  const accountId = randomUUID();
  await owner.query(`insert into cloud_accounts (id, provider_account_id, identified_by) values ($1, 'team-1', 'team')`, [accountId]);
  return {
    owner,
    appUrl: stored.appUrl,
    database: context.get(Database),
    service: (type) => context.get(type, { strict: false }),
    resources: async (resources) => {
      const rows = resources.map(({ owners, sizeSlug, tags = [], region = 'fra1', ...resource }) => ({
        ...resource,
        region,
        size_slug: sizeSlug ?? null,
        tags,
        tenant: owners.at(-1)?.tenant ?? null,
      }));
      await owner.query(
        `insert into cloud_resources (id, account_id, kind, provider_id, urn, name, region, size_slug, status, attrs, content_hash, tenant_id, first_seen_at, last_seen_at)
         select id, $2, kind, id::text, 'do:' || kind || ':' || id, 'r-' || left(id::text, 8), region, size_slug, 'active', jsonb_build_object('tags', tags), 'hash', tenant,
                '2000-01-01', now()
           from json_to_recordset($1) as r(id uuid, kind text, region text, size_slug text, tags jsonb, tenant text)`,
        [JSON.stringify(rows), accountId],
      );
      const moves = resources.flatMap(({ id, owners }) =>
        owners.slice(1).map(({ fromMs, tenant }, at) => ({ id, at: iso(fromMs), old: owners[at]?.tenant ?? null, new: tenant })),
      );
      await owner.query(
        `insert into cloud_resource_events (resource_id, tenant_id, type, source, at, changes)
         select id, null, 'attributed', 'admin', at, jsonb_build_object('tenant_id', jsonb_build_object('old', old, 'new', new))
           from json_to_recordset($1) as m(id uuid, at timestamptz, old text, new text) order by at`,
        [JSON.stringify(moves)],
      );
    },
    invoices: async (month, invoices) => {
      for (const { lines, amount, reconciliation = 'reconciled' } of invoices) {
        const id = randomUUID();
        await owner.query(
          `insert into cloud_invoices (id, account_id, invoice_uuid, period, issued_on, amount, status, document_hash, reconciliation)
           values ($1::uuid, $2, $1::uuid::text, $3, $3, coalesce($4::numeric, (select coalesce(sum((l ->> 'amount')::numeric), 0) from json_array_elements($5) l)),
                   'ingested', md5($1::uuid::text), $6)`,
          [id, accountId, `${month}-01`, amount ?? null, JSON.stringify(lines), reconciliation],
        );
        const rows = lines.map((line, at) => ({
          line_no: at + 1,
          product: line.product,
          kind: line.kind,
          description: line.description ?? line.product,
          resource_id: line.resourceId ?? null,
          project: line.project ?? null,
          tenant: line.tenant ?? null,
          hours: line.hours ?? null,
          started_at: iso(line.fromMs),
          ended_at: iso(line.untilMs),
          amount: line.amount,
        }));
        await owner.query(
          `insert into cloud_cost_lines (invoice_id, line_no, product, kind, description, resource_id, match_method, project_name, tenant_id, hours, started_at, ended_at, amount, is_tax)
           select $1, line_no, product, kind, description, resource_id, case when resource_id is not null then 'provider_id' end, project, tenant, hours,
                  started_at, ended_at, amount, kind = 'tax'
             from json_to_recordset($2) as l(line_no int, product text, kind text, description text, resource_id uuid, project text, tenant text, hours numeric,
                                             started_at timestamptz, ended_at timestamptz, amount numeric)`,
          [id, JSON.stringify(rows)],
        );
      }
    },
    close: async () => {
      await owner.end();
      await context.close();
      await stored.drop();
    },
  };
}
