import { Database, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';

/** The ordered values of a resource: field of the provider → value, e.g. `size_slug`. */
export type Spec = Readonly<Record<string, unknown>>;

/** The desired state of one resource. */
export interface DesiredState {
  readonly resource_id: string;
  readonly spec: Spec;
  /** Rises with every change of the desired state. */
  readonly version: number;
}

/** The only writer of `cloud_provisioned`: the desired state, which drift detection compares with the live values. */
@Injectable()
export class DesiredStateRepository {
  constructor(private readonly database: Database) {}

  /** Merges fields into the desired state and raises its version. A repetition by the same saga changes nothing. */
  async record(resourceId: string, fields: Spec, sagaId: string): Promise<void> {
    await this.database.query(RECORD, [resourceId, JSON.stringify(fields), sagaId]);
  }

  /** Ends the desired state of a deleted resource, or of one that its saga has rolled back. */
  async end(resourceId: string): Promise<void> {
    await this.database.query('update cloud_provisioned set ended_at = clock_timestamp() where resource_id = $1 and ended_at is null', [
      resourceId,
    ]);
  }

  /** Sets fields of the desired state to their live values and raises its version. False when its version is another one by now. */
  async accept(tx: Queryable, { resource_id, version }: Pick<DesiredState, 'resource_id' | 'version'>, fields: Spec): Promise<boolean> {
    const rows = await tx.query(ACCEPT, [resource_id, version, JSON.stringify(fields)]);
    return rows.length > 0;
  }

  /** Ends the desired state of a deleted resource and raises its version. False when its version is another one by now. */
  async acceptEnd(tx: Queryable, { resource_id, version }: Pick<DesiredState, 'resource_id' | 'version'>): Promise<boolean> {
    const rows = await tx.query(ACCEPT_END, [resource_id, version]);
    return rows.length > 0;
  }

  /**
   * Creates the desired state of a resource that was not ordered here; returns its version. Undefined when it has a desired state already.
   */
  async adopt(tx: Queryable, resourceId: string, spec: Spec): Promise<number | undefined> {
    const [row] = await tx.query<{ version: number }>(ADOPT, [resourceId, JSON.stringify(spec)]);
    return row?.version;
  }

  /** The version, read after every concurrent change has committed. Undefined when the resource has no desired state. */
  async lockVersion(resourceId: string): Promise<number | undefined> {
    const [row] = await this.database.query<{ version: number }>(
      'select version from cloud_provisioned where resource_id = $1 and ended_at is null for share',
      [resourceId],
    );
    return row?.version;
  }

  async find(resourceId: string): Promise<DesiredState | undefined> {
    const [row] = await this.database.query<DesiredState>(
      'select resource_id, spec, version from cloud_provisioned where resource_id = $1 and ended_at is null',
      [resourceId],
    );
    return row;
  }
}

const RECORD = `
insert into cloud_provisioned as p (resource_id, spec, last_saga_id) values ($1, $2, $3)
on conflict (resource_id) do update
   set spec = case when p.ended_at is null then p.spec || excluded.spec else excluded.spec end, version = p.version + 1,
       last_saga_id = excluded.last_saga_id, ended_at = null, changed_at = clock_timestamp()
 where p.last_saga_id is distinct from excluded.last_saga_id or p.ended_at is not null or not p.spec @> excluded.spec`;

const ACCEPT = `
update cloud_provisioned set spec = spec || $3::jsonb, version = version + 1, changed_at = clock_timestamp()
 where resource_id = $1 and version = $2 and ended_at is null returning version`;

const ACCEPT_END = `
update cloud_provisioned set version = version + 1, changed_at = clock_timestamp(), ended_at = clock_timestamp()
 where resource_id = $1 and version = $2 and ended_at is null returning version`;

const ADOPT = `
insert into cloud_provisioned as p (resource_id, spec) values ($1, $2)
on conflict (resource_id) do update
   set spec = excluded.spec, version = p.version + 1, last_saga_id = null, ended_at = null, changed_at = clock_timestamp()
 where p.ended_at is not null
returning version`;
