import type { Database } from '#libs/database';

interface Owner {
  readonly tenant: string | null;
  readonly project: string | null;
  readonly by: string;
  readonly ref: string | null;
}

interface Row extends Owner {
  readonly id: string;
  readonly kind: string;
  readonly provider_id: string;
  readonly name: string | null;
  readonly region: string | null;
  readonly attrs: { readonly project_id?: string; readonly tags?: readonly string[] };
  readonly parents: readonly string[];
  readonly override: string | null;
}

interface Rule {
  readonly id: string;
  readonly position: number;
  readonly kind: string | null;
  readonly tag: string | null;
  readonly name_glob: string | null;
  readonly project_id: string | null;
  readonly region: string | null;
  readonly tenant_id: string;
}

/** All that decides about owners, and the owners as they are stored. */
export interface OwnersState {
  readonly resources: readonly Row[];
  readonly rules: readonly Rule[];
  readonly projects: readonly { id: string; provider_id: string; tenant_id: string | null; is_fallback: boolean }[];
  readonly members: readonly { kind: string; provider_id: string; project_id: string }[];
  readonly tenants: readonly string[];
}

const isShared = ({ kind }: Row) => kind === 'vpc' || kind === 'certificate';

/** Computes owners one by one from their definition, without the statements of the product. */
export class NaiveOwners {
  constructor(private readonly database: Database) {}

  async read(): Promise<OwnersState> {
    const rows = <R>(text: string) => this.database.query<R & object>(text) as Promise<R[]>;
    return {
      resources: await rows(`select id, kind, provider_id, name, region, attrs, parents, owner_override as override, tenant_id as tenant,
        cloud_project_id as project, attributed_by as by, attributed_ref as ref from cloud_resources where deleted_at is null order by id`),
      rules: await rows(
        'select id, position, kind, tag, name_glob, project_id, region, tenant_id from attribution_rules order by position, id',
      ),
      projects: await rows('select id, provider_id, tenant_id, is_fallback from cloud_projects where deleted_at is null order by id'),
      members: await rows('select kind, provider_id, project_id from cloud_project_members where member_until is null order by 1, 2'),
      tenants: (await rows<{ id: string }>(`select id from tenants where status <> 'closed' order by id`)).map(({ id }) => id),
    };
  }

  private ownersIn({ resources }: OwnersState): Record<string, Owner> {
    return Object.fromEntries(resources.map(({ id, tenant, project, by, ref }) => [id, { tenant, project, by, ref }]));
  }

  /** The resources of which the stored owner is another one than expected, with both. */
  wrong(before: OwnersState, after: OwnersState, confirmed?: string): unknown[] {
    const stored = this.ownersIn(after);
    const expected = Object.entries(this.expected(before, after, confirmed));
    return expected.flatMap(([id, owner]) =>
      JSON.stringify(owner) === JSON.stringify(stored[id])
        ? []
        : [{ id, expected: owner, stored: stored[id], was: this.ownersIn(before)[id] }],
    );
  }

  moves(before: OwnersState, after: OwnersState): number {
    const was = this.ownersIn(before);
    return after.resources.filter(({ id, tenant }) => was[id]?.tenant !== tenant).length;
  }

  /** The owners that follow from the facts of `after` and the owners of `before`. `confirmed`: the resource that an admin has moved. */
  private expected(before: OwnersState, after: OwnersState, confirmed?: string): Record<string, Owner> {
    const stored = new Map(before.resources.map((row) => [row.id, row]));
    const found = new Map<string, Owner>();
    const free = new Set(confirmed === undefined ? [] : [confirmed]);
    const parentsOf = ({ parents }: Row) => after.resources.filter(({ kind, provider_id }) => parents.includes(`${kind}/${provider_id}`));
    const find = (row: Row): Owner => {
      const known = found.get(row.id);
      if (known) return known;
      const parents = parentsOf(row).map((parent) => ({ id: parent.id, ...find(parent) }));
      const owner = decide(row, parents, after);
      const was = stored.get(row.id) as Row;
      const follows = owner.by !== 'rule' && parents.some(({ id }) => free.has(id));
      const isFree = row.id === confirmed || follows;
      if (follows && owner.tenant !== was.tenant) free.add(row.id);
      const waits = !isFree && was.tenant !== null && owner.tenant !== null && was.tenant !== owner.tenant && isByRule(was, owner);
      const final = waits ? { tenant: was.tenant, project: owner.project, by: was.by, ref: was.ref } : owner;
      found.set(row.id, final);
      return final;
    };
    const isByRule = (was: Owner, owner: Owner): boolean => {
      if (owner.by === 'rule') return true;
      if (owner.by !== 'parent' && owner.by !== 'members') return false;
      if (was.by === owner.by && was.ref !== owner.ref) return false;
      for (let above = found.get(owner.ref ?? ''); above; above = found.get(above.ref ?? '')) {
        if (above.by === 'rule') return true;
        if (above.by !== 'parent' && above.by !== 'members') return false;
      }
      return false;
    };
    return Object.fromEntries(after.resources.map((row) => [row.id, find(row)]));
  }
}

function decide(row: Row, parents: readonly (Owner & { id: string })[], { rules, projects, members, tenants }: OwnersState): Owner {
  const open = (tenant: string | null | undefined) => (tenants.includes(tenant ?? '') ? (tenant ?? null) : null);
  const listed = members.find(({ kind, provider_id }) => kind === row.kind && provider_id === row.provider_id);
  const project =
    projects.find(({ id }) => id === listed?.project_id) ?? projects.find(({ provider_id }) => provider_id === row.attrs.project_id);
  const owned = parents.filter(({ tenant }) => tenant !== null).sort((one, other) => (one.id < other.id ? -1 : 1));
  const shared = new Set(owned.map(({ tenant }) => tenant)).size === 1 ? owned[0] : undefined;
  const in_ = project?.id ?? shared?.project ?? projects.find(({ is_fallback: isFallback }) => isFallback)?.id ?? null;
  if (row.override !== null) return { tenant: open(row.override), project: in_, by: 'override', ref: null };
  if (project && project.tenant_id !== null) return { tenant: open(project.tenant_id), project: in_, by: 'project', ref: project.id };
  if (shared && !isShared(row)) return { tenant: open(shared.tenant), project: in_, by: 'parent', ref: shared.id };
  const rule = rules.find(
    (one) =>
      (one.kind === null || one.kind === row.kind) &&
      (one.region === null || one.region === row.region) &&
      (one.project_id === null || one.project_id === in_) &&
      (one.name_glob === null || (row.name !== null && matches(one.name_glob, row.name))) &&
      (one.tag === null || (row.attrs.tags ?? []).some((tag) => matches(one.tag ?? '', tag))),
  );
  if (rule) return { tenant: open(rule.tenant_id), project: in_, by: 'rule', ref: rule.id };
  if (shared) return { tenant: open(shared.tenant), project: in_, by: 'members', ref: shared.id };
  return { tenant: null, project: in_, by: 'fallback', ref: null };
}

function matches(glob: string, text: string): boolean {
  const expression = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'is').test(text);
}
