import type { Command } from 'commander';
import { usageError } from '../session/failure';
import { addList } from '../session/lists';
import type { CommandBook, Session } from '../session/session';
import type { Schemas } from '../session/client';

const REASON = { '--reason <text>': 'kept in the audit log' };
const RESOURCE = [
  'id',
  'kind',
  'name',
  'status',
  'region',
  'size_slug',
  'provider_id',
  'urn',
  'tenant_id',
  'project_name',
  'attribution.by',
  'price.monthly',
  'protected',
  'first_seen_at',
  'last_seen_at',
  'deleted_at',
  'missing',
  'desired_state',
];
const CHANGED = ['id', 'kind', 'name', 'tenant_id', 'attribution.by', 'protected'];

export function addInventoryCommands(book: CommandBook, program: Command): void {
  const group = book.group(program, 'inventory', 'Resources in the provider account');
  addList(book, group, {
    usage: 'ls',
    summary: 'list resources',
    path: '/api/v1/inventory',
    filters: {
      kind: 'kinds, with commas',
      status: 'statuses, with commas',
      region: 'region',
      size_slug: 'size',
      tenant_id: 'tenant',
      project_id: 'project',
      attributed_by: 'how the owner was found',
      provider_id: 'id at the provider',
      urn: 'URN',
      tag: 'tag',
      related_to: 'only parents and children of this resource',
      protected: 'true or false',
      q: 'part of the name, provider id, address or tag',
      updated_since: 'changed since this time',
      as_of: 'the account as it was at this time',
      sort: 'name, kind, first_seen_at or price; a minus reverses it',
    },
    switches: { unattributed: 'only resources without an owner', include_deleted: 'deleted resources too' },
    fields: ['id', 'kind', 'name', 'status', 'region', 'size_slug', 'tenant_id', 'price.monthly'],
    examples: [
      'inventory ls --kind droplet --tenant-id acme',
      'inventory ls --unattributed -o name',
      'inventory ls --as-of 2026-11-01T00:00:00Z -o csv > november.csv',
    ],
  });
  book.add(
    group,
    {
      usage: 'get <id>',
      summary: 'one resource with its desired state',
      examples: ['inventory get ID', 'inventory get ID -o json'],
      watch: true,
    },
    (session, id = '') => session.show(session.client.GET('/api/v1/inventory/{id}', { params: { path: { id } } }), RESOURCE),
  );
  addList(book, group, {
    usage: 'history <id>',
    summary: 'events of a resource, newest first',
    path: '/api/v1/inventory/{id}/events',
    filters: {},
    fields: ['at', 'type', 'source', 'actor', 'changes', 'reason'],
    examples: ['inventory history ID', 'inventory history ID --limit 5 -o jsonl'],
  });
  book.add(
    group,
    {
      usage: 'adopt <id>',
      summary: 'record the live values as the desired state; a later difference is drift',
      options: REASON,
      examples: ['inventory adopt ID --reason "taken over from acme"'],
    },
    (session, id = '') =>
      session.show(session.client.POST('/api/v1/inventory/{id}/adopt', { params: { path: { id } }, body: session.reason }), [
        'resource_id',
        'spec_version',
        'spec',
      ]),
  );
  book.add(
    group,
    {
      usage: 'assign <id>',
      summary: 'give a resource to a tenant, to none, or back to the rules',
      options: {
        '--tenant <id>': 'the new owner',
        '--unassigned': 'it belongs to no tenant',
        '--by-rules': 'the rules of attribution decide again',
        '--effective-from <time>': 'correct the history from this time; needs a reason',
        ...REASON,
      },
      examples: ['inventory assign ID --tenant acme', 'inventory assign ID --by-rules --reason "moved back"'],
    },
    (session, id = '') => change(session, id, { ...newOwner(session), ...effectiveFrom(session) }),
  );
  book.add(
    group,
    {
      usage: 'protect <id>',
      summary: 'let nothing destroy or overwrite a resource until the protection is lifted',
      options: { '--off': 'lift the protection', ...REASON },
      examples: ['inventory protect ID --reason "until the audit ends"', 'inventory protect ID --off'],
    },
    (session, id = '') => change(session, id, { protected: !session.has('off') }),
  );
}

function newOwner(session: Session): Schemas['ResourceBody'] {
  const tenant = session.text('tenant');
  const given = [tenant !== undefined, session.has('unassigned'), session.has('byRules')].filter(Boolean).length;
  if (given !== 1) throw usageError('Give one of --tenant, --unassigned and --by-rules');
  if (session.has('unassigned')) return { unassigned: true };
  return { tenant_id: tenant ?? null };
}

function effectiveFrom(session: Session): Schemas['ResourceBody'] {
  const time = session.text('effectiveFrom');
  return time === undefined ? {} : { effective_from: time };
}

function change(session: Session, id: string, body: Schemas['ResourceBody']): Promise<void> {
  const call = session.client.PATCH('/api/v1/inventory/{id}', { params: { path: { id } }, body: { ...body, ...session.reason } });
  return session.show(call, CHANGED);
}
