import type { Database } from '#libs/database';

export interface NotedResource {
  readonly kind?: string;
  readonly providerId: string;
  readonly name: string | null;
  readonly created?: string;
  readonly deleted?: string;
  readonly firstSeen?: string;
  readonly region?: string;
  readonly tenant?: string | null;
  /** The id of the project in our database. */
  readonly project?: string;
  /** The previous projects of the resource. */
  readonly previousProjects?: readonly string[];
}

/** An inventory with a history: rows and events with past times, as years of sweeps would have written them. */
export class NotedHistory {
  private constructor(
    private readonly database: Database,
    readonly accountId: string,
  ) {}

  static async begin(database: Database): Promise<NotedHistory> {
    const [account] = await database.query<{ id: string }>('select id from cloud_accounts');
    if (!account) throw new Error('no account is pinned yet');
    return new NotedHistory(database, account.id);
  }

  /** `names` are pairs of a name and the time since which it was used, oldest first. Returns the project id in our database. */
  async project(tenant: string | null, ...names: readonly (readonly [name: string, since: string])[]): Promise<string> {
    const [project] = await this.database.query<{ id: string }>(
      `insert into cloud_projects (account_id, provider_id, name, tenant_id) values ($1, gen_random_uuid()::text, $2, $3) returning id`,
      [this.accountId, names.at(-1)?.[0], tenant],
    );
    const id = project?.id ?? '';
    for (const [nth, [name, since]] of names.entries()) {
      await this.database.query('insert into cloud_project_names (project_id, name, used_from, used_until) values ($1, $2, $3, $4)', [
        id,
        name,
        since,
        names[nth + 1]?.[1] ?? null,
      ]);
    }
    return id;
  }

  /** Returns the resource id in our database. */
  async resource(noted: NotedResource): Promise<string> {
    const { kind = 'droplet', providerId, name, created, deleted, region, tenant = null, project } = noted;
    const [resource] = await this.database.query<{ id: string }>(
      `insert into cloud_resources (account_id, kind, provider_id, urn, name, region, status, attrs, content_hash, tenant_id, cloud_project_id,
         first_seen_at, last_seen_at, deleted_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, '', $9, $10, $11, now(), $12) returning id`,
      [
        this.accountId,
        kind,
        providerId,
        `do:${kind}:${providerId}`,
        name,
        region ?? null,
        deleted ? 'deleted' : 'active',
        JSON.stringify(created ? { created_at: created } : {}),
        tenant,
        project ?? null,
        noted.firstSeen ?? '2024-01-01T00:00:00Z',
        deleted ?? null,
      ],
    );
    for (const member of [project, ...(noted.previousProjects ?? [])]) {
      if (!member) continue;
      await this.database.query(
        `insert into cloud_project_members (account_id, project_id, kind, provider_id, urn) values ($1, $2, $3, $4, $5)`,
        [this.accountId, member, kind, providerId, `do:${kind}:${providerId}`],
      );
    }
    return resource?.id ?? '';
  }

  async event(
    resourceId: string,
    at: string,
    type: 'updated' | 'attributed',
    field: string,
    from: string | null,
    to: string | null,
  ): Promise<void> {
    await this.database.query(
      `insert into cloud_resource_events (resource_id, type, source, at, changes) values ($1, $2, 'sweep', $3, $4)`,
      [resourceId, type, at, JSON.stringify({ [field]: { old: from, new: to } })],
    );
  }
}
