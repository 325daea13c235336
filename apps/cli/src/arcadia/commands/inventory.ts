import type { Command } from 'commander';
import { EXIT, Failure, usageError } from '../session/failure';
import { addList } from '../session/lists';
import type { CommandBook, Session } from '../session/session';
import { answered, type Schemas } from '../session/client';

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

const RULE = ['id', 'position', 'when', 'tenant_id', 'valid_from', 'valid_to', 'active', 'resources', 'reason'];
const EFFECT = ['moves', 'needs_confirmation', 'groups', 'first'];
const FINDING = ['resource_id', 'kind', 'name', 'from_tenant_id', 'to_tenant_id', 'attribution', 'found_at'] as const;
const DRY_RUN = { '--dry-run': 'show what would move, and change nothing' };

export function addRuleCommands(book: CommandBook, program: Command): void {
  const group = book.group(program, 'rules', 'Rules that give resources to tenants, and the moves that wait for an admin');
  addList(book, group, {
    usage: 'ls',
    summary: 'list rules in the order in which they are asked',
    path: '/api/v1/attribution-rules',
    filters: { tenant_id: 'tenant that the rule gives resources to', kind: 'kind that the rule names', active: 'true or false' },
    fields: ['id', 'position', 'when', 'tenant_id', 'active', 'resources', 'reason'],
    examples: ['rules ls --tenant-id acme', 'rules ls --active true -o json'],
  });
  book.add(
    group,
    {
      usage: 'add',
      summary: 'give the resources to a tenant to which all conditions apply',
      options: {
        '--tenant <id>': 'the owner of these resources; required',
        '--kind <kind>': 'resources of this kind',
        '--tag <glob>': 'with such a reserved tag, as tenant:acme',
        '--name <glob>': 'with such a name, as acme-*',
        '--project <id>': 'in this project',
        '--region <region>': 'in this region',
        '--position <number>': 'where it is asked; after all others by default',
        '--valid-from <time>': 'applies from this time on',
        '--valid-to <time>': 'applies until this time',
        '--reason <text>': 'kept with the rule and in the audit log; required',
        ...DRY_RUN,
      },
      examples: [
        'rules add --tenant acme --name "acme-*" --reason "contract 12" --dry-run',
        'rules add --tenant acme --kind registry_repository --name "acme/*" --reason "contract 12"',
      ],
    },
    add,
  );
  book.add(
    group,
    {
      usage: 'rm <id>',
      summary: 'delete a rule; what it decided goes to the next rule that applies, or to no tenant',
      options: DRY_RUN,
      examples: ['rules rm ID --dry-run', 'rules rm ID --yes'],
    },
    async (session, id = '') => {
      const isDry = session.has('dryRun');
      if (!isDry) await session.confirm(`Resources of the rule ${id} lose their tenant where no other rule applies. Delete it?`);
      const params = { path: { id }, query: dryRunOf(isDry) };
      await session.show(session.client.DELETE('/api/v1/attribution-rules/{id}', { params }), isDry ? EFFECT : RULE);
    },
  );
  addList(book, group, {
    usage: 'findings',
    summary: 'list moves from one tenant to another that wait for an admin',
    path: '/api/v1/attribution-rules/findings',
    filters: { from_tenant_id: 'the present owner', to_tenant_id: 'the tenant that the rule gives the resource to' },
    fields: FINDING,
    examples: ['rules findings --to-tenant-id acme', 'rules findings --exit-code -o name --fields resource_id'],
  });
  book.add(
    group,
    {
      usage: 'confirm <resource>',
      summary: 'move a resource to the tenant of its finding',
      options: {
        '--tenant <id>': 'the tenant that the finding names; by default the one that it has now',
        '--reason <text>': 'kept in the audit log; required',
      },
      examples: ['rules confirm ID --reason "agreed with both"', 'rules confirm ID --tenant acme --reason "agreed with both"'],
    },
    confirm,
  );
}

const dryRunOf = (isDry: boolean) => (isDry ? ({ dry_run: 'true' } as const) : {});

async function add(session: Session): Promise<void> {
  const conditions = {
    kind: session.text('kind'),
    tag: session.text('tag'),
    name_glob: session.text('name'),
    project_id: session.text('project'),
    region: session.text('region'),
  };
  const when = Object.fromEntries(Object.entries(conditions).filter(([, value]) => value !== undefined));
  if (Object.keys(when).length === 0) throw usageError('Give a condition: --kind, --tag, --name, --project or --region');
  const position = session.text('position');
  const body: Schemas['AttributionRuleBody'] = {
    when,
    tenant_id: session.needed('tenant'),
    reason: session.needed('reason'),
    ...(position !== undefined && { position: Number(position) }),
    ...(session.text('validFrom') !== undefined && { valid_from: session.text('validFrom') }),
    ...(session.text('validTo') !== undefined && { valid_to: session.text('validTo') }),
  };
  const isDry = session.has('dryRun');
  const call = session.client.POST('/api/v1/attribution-rules', { params: { query: dryRunOf(isDry) }, body });
  await session.show(call, isDry ? EFFECT : RULE);
}

async function confirm(session: Session, id = ''): Promise<void> {
  const reason = session.needed('reason');
  const tenant_id = session.text('tenant') ?? (await tenantOfFinding(session, id));
  const call = session.client.POST('/api/v1/attribution-rules/findings/{id}/confirm', {
    params: { path: { id } },
    body: { tenant_id, reason },
  });
  await session.show(call, FINDING);
}

/** The tenant that the finding of a resource names now. */
async function tenantOfFinding(session: Session, id: string): Promise<string> {
  for (let cursor: string | undefined; ;) {
    const query = { limit: 200, ...(cursor !== undefined && { cursor }) };
    const { data, page } = await answered(session.client.GET('/api/v1/attribution-rules/findings', { params: { query } }));
    const found = data.find(({ resource_id }) => resource_id === id);
    if (found !== undefined) return found.to_tenant_id;
    if (page.next_cursor === null)
      throw new Failure(EXIT.notFound, `No move of the resource ${id} waits for an admin`, 'attribution_finding_not_found');
    cursor = page.next_cursor;
  }
}
