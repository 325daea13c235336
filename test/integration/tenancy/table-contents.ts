import type { TenancyWorld } from './tenancy-world';

const TABLES = [
  'cloud_resources',
  'cloud_resource_events',
  'cloud_projects',
  'cloud_sweeps',
  'saga_runs',
  'saga_holds',
  'saga_idempotency_keys',
  'saga_starts',
  'audit_log',
  'cloud_provisioned',
  'cloud_drift',
  'cloud_drift_rules',
  'attribution_findings',
  'attribution_rules',
  'list_prices',
  'billing_issuers',
  'billing_logos',
  'billing_pools',
  'billing_profiles',
  'billing_runs',
  'default_rate_cards',
  'rate_cards',
  'rate_card_versions',
  'rates',
  'rate_overrides',
  'tenant_rate_cards',
  'tenant_invoices',
  'tax_rules',
  'wallet_entries',
  'dunning_policies',
  'fx_rates',
];

const CONTENTS = TABLES.map((table) => `(select json_agg(rows) from (select * from ${table} order by 1) rows) as ${table}`);

/** Returns all rows that a request could have changed, by table, for a comparison before and after. */
export async function tableContents({ owner }: TenancyWorld): Promise<unknown> {
  const { rows } = await owner.query<Record<string, unknown>>(`select ${CONTENTS.join(', ')}`);
  return rows[0];
}
