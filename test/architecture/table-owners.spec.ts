import { libraryName, readText, sourceFiles } from './source-tree';
import { stringTexts } from './string-texts';

/** The library that owns a table is the only one that writes it. All libraries may read it. */
const OWNED: Record<string, readonly string[]> = {
  accounts: ['cloud_accounts', 'cloud_project_members', 'cloud_project_names', 'cloud_projects'],
  audit: ['audit_log', 'record_chain', 'record_digests', 'record_waiting'],
  'provider-billing': [
    'cloud_balance_snapshots',
    'cloud_billing_history',
    'cloud_billing_reads',
    'cloud_cost_lines',
    'cloud_finance_outbox',
    'cloud_invoice_previews',
    'cloud_invoices',
  ],
  catalog: ['list_prices', 'provider_catalogue', 'provider_images', 'provider_regions', 'provider_sizes', 'resource_prices'],
  costs: ['cost_rollup_changes', 'cost_rollup_groups', 'cost_rollup_members', 'cost_rollup_shapes', 'cost_rollups'],
  digitalocean: ['provider_calls', 'provider_tokens'],
  drift: ['cloud_drift', 'cloud_drift_rules', 'drift_detections'],
  events: ['event_numbers', 'event_sequencer', 'event_stream_processes', 'events'],
  inventory: [
    'attribution_findings',
    'attribution_rules',
    'cloud_event_last_values',
    'cloud_event_months',
    'cloud_provider_actions',
    'cloud_resource_events',
    'cloud_resources',
    'cloud_saga_actions',
    'cloud_sweeps',
  ],
  notifications: ['notification_cursor', 'notification_messages', 'notification_subscriptions', 'webhook_deliveries', 'webhook_endpoints'],
  provisioning: ['cloud_provisioned', 'cloud_strays', 'database_timeline', 'database_witness', 'provider_poll_results'],
  queues: ['bullmq.schedule_tick'],
  saga: [
    'saga_approvals',
    'saga_attempts',
    'saga_bulk_items',
    'saga_bulk_jobs',
    'saga_holds',
    'saga_idempotency_keys',
    'saga_provider_calls',
    'saga_runs',
    'saga_steps',
    'saga_writes',
  ],
  'tenant-billing': [
    'billing_issuers',
    'billing_logos',
    'billing_outbox',
    'billing_pools',
    'billing_profiles',
    'billing_runs',
    'credit_note_lines',
    'credit_notes',
    'default_rate_cards',
    'document_files',
    'document_origins',
    'dunning_policies',
    'dunning_steps',
    'fx_rates',
    'notification_requests',
    'number_series',
    'overdue_invoices',
    'payments',
    'rate_card_versions',
    'rate_cards',
    'rate_overrides',
    'rated_lines',
    'rates',
    'tax_rules',
    'tenant_documents',
    'tenant_invoice_lines',
    'tenant_invoices',
    'tenant_rate_cards',
    'unprinted_documents',
    'wallet_entries',
    'wallet_lots',
  ],
  tenants: ['tenant_closures', 'tenant_limits', 'tenants'],
};

/** Writes to tables of other libraries that exist today, each as `<library> writes <table>`. */
const EXCEPTIONS: readonly string[] = [];

const NAME = String.raw`((?:\$\{[^}]*\}|[\w."])+)`;
const WRITES = [
  String.raw`\binsert\s+into\s+${NAME}`,
  String.raw`\bdelete\s+from\s+(?:only\s+)?${NAME}`,
  String.raw`\bmerge\s+into\s+(?:only\s+)?${NAME}`,
  String.raw`\bupdate\s+(?:only\s+)?(?!set\b)${NAME}\s+(?:as\s+)?(?:\w+\s+)?set\b`,
  String.raw`\bcopy\s+${NAME}\s*(?:\([^)]*\)\s*)?from\b`,
].map((pattern) => new RegExp(pattern, 'gi'));
const TRUNCATE = /\btruncate\s+(?:table\s+)?(?:only\s+)?((?:[\w."]|\$\{[^}]*\})+(?:\s*,\s*(?:[\w."]|\$\{[^}]*\})+)*)/gi;
const CREATES = /\bcreate\s+(temp\s+|temporary\s+|unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?((?:\$\{[^}]*\}|[\w."])+)/gi;
const RENAMES = /\balter\s+table\s+(\w+)\s+rename\s+to\s+(\w+)/gi;

const OWNER_OF = new Map(Object.entries(OWNED).flatMap(([owner, tables]) => tables.map((table) => [table, owner] as const)));

/** Returns the tables that the SQL of a file writes. A computed target counts as every table that a string of the file names. */
function writtenTables(source: string): string[] {
  const texts = stringTexts(source).map(({ text }) => text);
  const targets = texts.flatMap((text) => [
    ...WRITES.flatMap((pattern) => [...text.matchAll(pattern)].map(([, table]) => table ?? '')),
    ...[...text.matchAll(TRUNCATE)].flatMap(([, tables]) => (tables ?? '').split(/\s*,\s*/)),
  ]);
  const fixed = targets.filter((table) => !table.includes('${'));
  if (fixed.length === targets.length) return [...new Set(fixed)];
  const named = texts.filter((text) => OWNER_OF.has(text));
  return [...new Set([...fixed, ...(named.length > 0 ? named : targets.filter((table) => table.includes('${')))])];
}

/** The tables that a migration renames: old name → new name. The way back, in `down`, does not count. */
function renamedTables(source: string): ReadonlyMap<string, string> {
  const renames = stringTexts(source).flatMap(({ text }) =>
    [...text.matchAll(RENAMES)].map(([, from = '', to = '']) => [from, to] as const),
  );
  return new Map(renames.filter(([from, to], at) => !renames.slice(0, at).some(([earlier, later]) => earlier === to && later === from)));
}

function createdTables(source: string, which: 'temporary' | 'lasting'): string[] {
  return stringTexts(source).flatMap(({ text }) =>
    [...text.matchAll(CREATES)]
      .filter(([, kind = '']) => kind.startsWith('temp') === (which === 'temporary'))
      .map(([, , table = '']) => table.replace('${QUEUE_SCHEMA}', 'bullmq')),
  );
}

const files = sourceFiles('apps', 'libs')
  .filter(({ path }) => !path.endsWith('.spec.ts'))
  .map(({ path, room }) => ({ path, room: libraryName(room), source: readText(path) ?? '' }));
const schema = files.filter(({ path }) => path.includes('/migrations/') || path === 'libs/platform/queues/src/prepare-queue-schema.ts');
const statements = files.filter(({ path }) => !path.includes('/migrations/'));

function foreignWrites(): string[] {
  const temporary = new Set(
    statements.flatMap(({ room, source }) => createdTables(source, 'temporary').map((table) => `${room}/${table}`)),
  );
  return statements.flatMap(({ room, source }) =>
    writtenTables(source)
      .filter((table) => OWNER_OF.get(table) !== room && !temporary.has(`${room}/${table}`))
      .map((table) => `${room} writes ${table}`),
  );
}

it('lets no library write a table that another library owns', () => {
  expect([...new Set(foreignWrites())].sort()).toEqual([...EXCEPTIONS].sort());
});

it('uses no previous name of a renamed table, because the view under that name is for the previous release', () => {
  const previous = new Map(schema.flatMap(({ source }) => [...renamedTables(source)]));
  const used = statements.flatMap(({ path, source }) =>
    stringTexts(source).flatMap(({ text }) =>
      (text.match(/\w+/g) ?? []).filter((word) => previous.has(word)).map((word) => `${path} uses ${word}`),
    ),
  );
  expect(previous.get('saga_starts')).toBe('saga_idempotency_keys');
  expect(used).toEqual([]);
});

/** The name of a library or file that is imported; a library may have the name of its table. */
const IMPORTED = /^(#libs|\.{1,2})\//;

/** Libraries that other owners of tables pass what they need: audit gets the streams of its chain, accounts what a sweep has found. */
const NAME_NO_FOREIGN_TABLE = ['audit', 'accounts'];

it.each(NAME_NO_FOREIGN_TABLE)('names no table of another library in %s', (library) => {
  const foreign = [...OWNER_OF].filter(([, owner]) => owner !== library).map(([table]) => table);
  const inLibrary = statements.filter(({ room }) => room === library);
  const named = inLibrary.flatMap(({ path, source }) =>
    stringTexts(source).flatMap(({ text }) =>
      (IMPORTED.test(text) ? [] : (text.match(/\w+/g) ?? []))
        .filter((word) => foreign.includes(word))
        .map((word) => `${path} names ${word}`),
    ),
  );
  expect(inLibrary.length).toBeGreaterThan(0);
  expect(named).toEqual([]);
});

it('gives every table of the schema one owner', () => {
  const renamed = new Map(schema.flatMap(({ source }) => [...renamedTables(source)]));
  const created = schema.flatMap(({ source }) => createdTables(source, 'lasting')).map((table) => renamed.get(table) ?? table);
  expect([...OWNER_OF.keys()].sort()).toEqual([...new Set(created)].sort());
  expect(OWNER_OF.size).toBe(Object.values(OWNED).flat().length);
});

it.each([
  ['query("insert into saga_runs (id) values (1)")', ['saga_runs']],
  ['query(`with a as (update only saga_runs as r set id = 1) delete from saga_holds h using a`)', ['saga_holds', 'saga_runs']],
  ['query(`insert into saga_runs values (1) on conflict (id) do update set id = 2`)', ['saga_runs']],
  ['query("truncate saga_runs, saga_steps cascade"); query("copy saga_holds (id) from stdin")', ['saga_holds', 'saga_runs', 'saga_steps']],
  ['query("select 1 from saga_runs r for update of r skip locked"); query("copy saga_runs to stdout")', []],
  ['const keep = (table: string) => `delete from ${table}`; keep("saga_runs")', ['saga_runs']],
  ['const keep = (table: string) => `delete from ${table}`', ['${table}']],
  ['// update saga_runs set id = 1', []],
])('finds the tables that are written by %s', (source, tables) => {
  expect(writtenTables(source).sort()).toEqual(tables);
});
