// The floor of HTTP reads: node:http and pg, the statement of the inventory list under the service role and the row security of whoever
// asks, and nothing else: no token, no checks, no headers of its own, no word on how complete the answer is. Ends with its parent.
import { createServer } from 'node:http';
import { Pool } from 'pg';

const POOL = 10; // what the product's processes open by default
const settings = process.env.FLOOR_SETTINGS; // of platform scope or of none, as the product's own connections have them
const open = (options) => new Pool({ connectionString: process.env.FLOOR_DATABASE_URL, max: POOL, options });
const platform = open(`${settings} -c arcadia.scope=platform`);
const unscoped = open(settings);
const COLUMNS = `id, provider, kind, provider_id, urn, name, region, status, size_slug, tenant_id, cloud_project_id as project_id,
  attributed_by, attributed_ref, attrs, first_seen_at, last_seen_at, stale_strike_count, deleted_at`;
const page = (condition) => `select ${COLUMNS} from cloud_resources where id > $1 and deleted_at is null${condition} order by id limit $2`;
const FIRST = '00000000-0000-0000-0000-000000000000';
const LIMIT = 50;

const ofAll = (after) => platform.query({ name: 'all', text: page(''), values: [after, LIMIT + 1] });

async function ofTenant(tenant, after) {
  const client = await unscoped.connect();
  try {
    await client.query('begin');
    await client.query(`select set_config('arcadia.tenant_id', $1, true)`, [tenant]);
    const answer = await client.query({ name: 'tenant', text: page(' and tenant_id = $3'), values: [after, LIMIT + 1, tenant] });
    await client.query('commit');
    return answer;
  } finally {
    client.release();
  }
}

async function answer(request, response) {
  const asked = new URLSearchParams(request.url.slice(request.url.indexOf('?') + 1));
  const after = asked.has('cursor') ? Buffer.from(asked.get('cursor'), 'base64url').toString() : FIRST;
  const { rows } = await (asked.has('tenant') ? ofTenant(asked.get('tenant'), after) : ofAll(after));
  const data = rows.slice(0, LIMIT);
  const next_cursor = rows.length > LIMIT ? Buffer.from(data.at(-1).id).toString('base64url') : null;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify({ data, page: { next_cursor } }));
}

const server = createServer((request, response) => void answer(request, response));
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port, pid: process.pid }));
