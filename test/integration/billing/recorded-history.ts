import type { Database } from '#libs/database';
import { anEvent, aProject, aResource, boundAccount, insert } from '../../support/factories';

export interface RecordedResource {
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
export class RecordedHistory {
  private constructor(
    private readonly database: Database,
    readonly accountId: string,
  ) {}

  static async begin(database: Database): Promise<RecordedHistory> {
    return new RecordedHistory(database, await boundAccount(database));
  }

  /** `names` are pairs of a name and the time since which it was used, oldest first. Returns the project id in our database. */
  async project(tenant: string | null, ...names: readonly (readonly [name: string, since: string])[]): Promise<string> {
    const id = await aProject(this.database, { account_id: this.accountId, name: names.at(-1)?.[0], tenant_id: tenant });
    for (const [nth, [name, since]] of names.entries()) {
      const used_until = names[nth + 1]?.[1] ?? null;
      await insert(this.database, 'cloud_project_names', { project_id: id, name, used_from: since, used_until });
    }
    return id;
  }

  /** Returns the resource id in our database. */
  async resource(noted: RecordedResource): Promise<string> {
    const { kind = 'droplet', providerId, name, created, deleted, region, tenant = null, project } = noted;
    const resource = await aResource(this.database, {
      account_id: this.accountId,
      kind,
      provider_id: providerId,
      name,
      region: region ?? null,
      status: deleted ? 'deleted' : 'active',
      attrs: created ? { created_at: created } : {},
      content_hash: '',
      tenant_id: tenant,
      cloud_project_id: project ?? null,
      first_seen_at: noted.firstSeen ?? '2024-01-01T00:00:00Z',
      deleted_at: deleted ?? null,
    });
    for (const member of [project, ...(noted.previousProjects ?? [])]) {
      if (!member) continue;
      const urn = `do:${kind}:${providerId}`;
      await insert(this.database, 'cloud_project_members', {
        account_id: this.accountId,
        project_id: member,
        kind,
        provider_id: providerId,
        urn,
      });
    }
    return resource;
  }

  async event(
    resourceId: string,
    at: string,
    type: 'updated' | 'attributed',
    field: string,
    from: string | null,
    to: string | null,
  ): Promise<void> {
    await anEvent(this.database, resourceId, { type, at, changes: { [field]: { old: from, new: to } } });
  }
}
