import type { Command } from 'commander';
import { answered, type Schemas } from '../session/client';
import { usageError } from '../session/failure';
import { addList } from '../session/lists';
import type { CommandBook, Session } from '../session/session';

const LIMITS = [
  'max_droplets',
  'max_vcpus',
  'max_volume_gib',
  'max_snapshots',
  'max_monthly_cost',
  'allowed_sizes',
  'allowed_regions',
  'approval_over_monthly',
  'max_destroys_per_hour',
  'unique_names',
  'open_sagas',
] as const satisfies readonly (keyof Schemas['LimitSetResponse'])[];
const TENANT = [
  'id',
  'name',
  'status',
  'source',
  'contact_email',
  'notes',
  'orders_blocked_reason',
  'created_at',
  'closed_at',
  'usage.resources',
  'usage.monthly_run_rate',
  'usage.month_to_date',
  'usage.open_drift',
  'usage.running_sagas',
];
/** Amounts are texts in the API, so that no digit is lost. */
const AMOUNTS: readonly string[] = ['max_monthly_cost', 'approval_over_monthly'];
const LISTS: readonly string[] = ['allowed_sizes', 'allowed_regions'];

export function addTenantCommands(book: CommandBook, program: Command): void {
  const group = book.group(program, 'tenants', 'The register of tenants');
  addList(book, group, {
    usage: 'ls',
    summary: 'list tenants with what they use',
    path: '/api/v1/tenants',
    filters: {
      status: 'active, suspended, offboarding or closed; several with commas',
      q: 'part of the id or name',
      sort: 'id, name or created_at; a minus reverses it',
    },
    fields: ['id', 'name', 'status', 'usage.monthly_run_rate', 'usage.open_drift', 'usage.running_sagas'],
    examples: ['tenants ls', 'tenants ls --status suspended -o name'],
  });
  book.add(group, { usage: 'get <id>', summary: 'one tenant with what it uses', examples: ['tenants get acme'] }, (session, id = '') =>
    session.show(session.client.GET('/api/v1/tenants/{id}', { params: { path: { id } } }), TENANT),
  );
  book.add(
    group,
    {
      usage: 'create <id>',
      summary: 'register a tenant',
      options: {
        '--name <text>': 'name for people',
        '--contact-email <address>': 'address for questions',
        '--notes <text>': 'notes for admins',
        '--reason <text>': 'kept in the audit log',
      },
      examples: ['tenants create acme --name "Acme Stores" --reason "contract 12"'],
    },
    (session, id = '') => {
      const given = { name: session.text('name'), contact_email: session.text('contactEmail'), notes: session.text('notes') };
      return session.show(session.client.POST('/api/v1/tenants', { body: { id, ...given, ...session.reason } }), TENANT);
    },
  );
  book.add(
    group,
    {
      usage: 'limits <id>',
      summary: 'read the limits of a tenant, or change some of them; the id default has those of all',
      options: {
        '--set <limit=value...>': 'the new value; none for no limit, inherit for the value of default',
        '--reason <text>': 'kept in the audit log',
      },
      examples: ['tenants limits acme', 'tenants limits acme --set max_droplets=40 max_monthly_cost=none --reason "contract 12"'],
    },
    limits,
  );
}

async function limits(session: Session, id = ''): Promise<void> {
  const params = { path: { id } };
  const read = () =>
    id === 'default' ? session.client.GET('/api/v1/tenants/default/limits') : session.client.GET('/api/v1/tenants/{id}/limits', { params });
  const changes = session.list('set').map(limitChange);
  if (changes.length === 0) return session.show(read(), [...LIMITS, 'inherited', 'changed_by', 'changed_at']);
  const { data: current } = await answered(read());
  const body = { ...limitsWith(current, changes), ...session.reason } as Schemas['LimitsBody'];
  const call =
    id === 'default'
      ? session.client.PUT('/api/v1/tenants/default/limits', { body })
      : session.client.PUT('/api/v1/tenants/{id}/limits', { params, body });
  return session.show(call, [...LIMITS, 'inherited', 'changed_by', 'changed_at']);
}

type LimitChange = readonly [limit: (typeof LIMITS)[number], value: string];

function limitChange(pair: string): LimitChange {
  const at = pair.indexOf('=');
  const limit = LIMITS.find((known) => known === pair.slice(0, Math.max(at, 0)));
  if (limit === undefined) throw usageError(`--set ${pair} must be limit=value with one of ${LIMITS.join(', ')}`);
  return [limit, pair.slice(at + 1)];
}

/** The API replaces the whole set, so the limits of the tenant itself are sent again; inherited ones stay inherited. */
function limitsWith(current: Schemas['LimitsResponse'], changes: readonly LimitChange[]): Record<string, unknown> {
  const own = LIMITS.filter((limit) => !current.inherited.includes(limit)).map((limit) => [limit, current[limit]] as const);
  const body: Record<string, unknown> = Object.fromEntries(own);
  for (const [limit, value] of changes) {
    if (value === 'inherit') delete body[limit];
    else body[limit] = limitValue(limit, value);
  }
  return body;
}

function limitValue(limit: string, value: string): unknown {
  if (value === 'none') return null;
  if (LISTS.includes(limit)) return value.split(',');
  if (AMOUNTS.includes(limit)) return value;
  if (limit === 'unique_names') {
    if (value !== 'true' && value !== 'false') throw usageError(`${limit} must be true, false or inherit, not ${value}`);
    return value === 'true';
  }
  const count = Number(value);
  if (value === '' || !Number.isInteger(count)) throw usageError(`${limit} must be a whole number, none or inherit, not ${value}`);
  return count;
}
