// What lists are read from: RESOURCES resources, half of them one tenant's, LINES lines of invoices and SAGAS ended sagas.
export const LARGE_TENANT = 'large';

/** Fills a migrated database; resolves with the cursors of pages of 50, by list. */
export async function fillLists(owner, { resources, lines, sagas }) {
  await owner.query(
    `insert into cloud_accounts (provider_account_id, identified_by, billing_history_read_at) values ('bench', 'team', now())`,
  );
  await owner.query(`insert into tenants (id, name, source) values ($1, $1, 'admin')`, [LARGE_TENANT]);
  await owner.query(
    `insert into cloud_resources (account_id, kind, provider_id, urn, name, region, status, size_slug, attrs, content_hash, tenant_id, attributed_by, first_seen_at, last_seen_at)
     select a.id, 'droplet', (500000000 + i)::text, 'do:droplet:' || 500000000 + i, 'host-' || i || '.example.com', 'syd1', 'active', 's-1vcpu-1gb',
            jsonb_build_object('vcpus', 1, 'memory', 1024, 'image', 'ubuntu-24-04-x64', 'tags', jsonb_build_array('web', 'env-' || (i % 7))),
            md5(i::text), case when i % 2 = 0 then $2 else 't' || i % 100 end, 'project', now(), now()
       from cloud_accounts a, generate_series(1, $1::int) i`,
    [resources, LARGE_TENANT],
  );
  await owner.query(
    `insert into cloud_sweeps (account_id, kind, trigger, status, lease_until, finished_at)
     select a.id, kind, 'schedule', 'complete', now(), clock_timestamp() from cloud_accounts a, generate_series(1, 100), unnest($1::text[]) kind`,
    [['droplet', 'volume', 'project', 'dns_zone', 'reserved_ip', 'spaces_key', 'firewall', 'load_balancer']],
  );
  await owner.query(
    `insert into cloud_invoices (account_id, invoice_uuid, period, issued_on, amount, status, ingested_at, lines, matched_lines, lines_amount, document_hash)
     select a.id, 'invoice-' || m, date '2024-01-01' + m * interval '1 month', date '2024-02-01' + m * interval '1 month', 1, 'ingested', now(), 1, 1, 1, md5(m::text)
       from cloud_accounts a, generate_series(0, 23) m`,
  );
  await owner.query(
    `insert into cloud_cost_lines (invoice_id, line_no, product, kind, description, provider_ref, resource_id, match_method, project_name, tenant_id, hours, started_at, ended_at, amount, is_tax)
     select i.id, n, 'Droplets', 'droplet', 'host-' || n, r.provider_id, r.id, 'provider_id', 'main', r.tenant_id, 744, now(), now(), 6.00, false
       from cloud_invoices i, (select row_number() over (order by id) as n, * from cloud_resources limit $1::int) r`,
    [Math.ceil(lines / 24)],
  );
  await owner.query(
    `insert into saga_runs (kind, tenant_id, input, context, steps, status, step_idx, created_by, finished_at, wake_at)
     select 'demo', case when i % 2 = 0 then $2 else 't' || i % 100 end, '{"steps": ["echo"]}', '{}', '{echo}', 'completed', 1, 'bench', now(), null
       from generate_series(1, $1::int) i`,
    [sagas, LARGE_TENANT],
  );
  await owner.query(
    `insert into saga_steps (saga_id, step_idx, name, status, attempts, output, finished_at) select id, 0, 'echo', 'completed', 1, '{}', now() from saga_runs`,
  );
  await owner.query('vacuum analyze');
}

/** The cursor of the nth page of 50: `keys` is a query for the list's keys in its order. */
export async function cursorOfPage(owner, nth, keys, values = []) {
  const { rows } = await owner.query(`select key from (${keys}) k offset ${(nth - 1) * 50 - 1} limit 1`, values);
  return Buffer.from(rows[0].key).toString('base64url');
}
