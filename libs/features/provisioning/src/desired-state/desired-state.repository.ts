import { Database, Transaction, type Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, type EntityManager, type Repository } from 'typeorm';
import { DesiredState, type Spec } from '../entities/desired-state.entity';

/** A desired state as the caller has read it. A change applies only while the version is still this one. */
export type ReadState = Pick<DesiredState, 'resourceId' | 'version'>;

/** The only writer of `cloud_provisioned`: the desired state, which drift detection compares with the live values. */
@Injectable()
export class DesiredStateRepository {
  constructor(
    private readonly database: Database,
    private readonly transaction: Transaction,
    @InjectRepository(DesiredState) private readonly states: Repository<DesiredState>,
  ) {}

  /** Merges fields into the desired state and raises its version. A repetition by the same saga changes nothing. */
  async record(resourceId: string, fields: Spec, sagaId: string): Promise<void> {
    await this.database.query(RECORD, [resourceId, JSON.stringify(fields), sagaId]);
  }

  /** Ends the desired state of a deleted resource, or of one that its saga has rolled back. */
  async end(resourceId: string): Promise<void> {
    await this.states.update({ resourceId, endedAt: IsNull() }, { endedAt: () => 'clock_timestamp()' });
  }

  /** Sets fields of the desired state to their live values and raises its version. False when its version is another one by now. */
  async accept(em: EntityManager, { resourceId, version }: ReadState, fields: Spec): Promise<boolean> {
    const { affected } = await em
      .createQueryBuilder()
      .update(DesiredState)
      .set({ ...RAISED, spec: () => 'spec || cast(:fields as jsonb)' })
      .where({ resourceId, version, endedAt: IsNull() })
      .setParameter('fields', JSON.stringify(fields))
      .execute();
    return affected === 1;
  }

  /** Ends the desired state of a deleted resource and raises its version. False when its version is another one by now. */
  async acceptEnd(em: EntityManager, { resourceId, version }: ReadState): Promise<boolean> {
    const ended = { ...RAISED, endedAt: () => 'clock_timestamp()' };
    const { affected } = await em.update(DesiredState, { resourceId, version, endedAt: IsNull() }, ended);
    return affected === 1;
  }

  /**
   * Creates the desired state of a resource that was not ordered here; returns its version. Undefined when it has a desired state already.
   */
  async adopt(tx: Queryable, resourceId: string, spec: Spec): Promise<number | undefined> {
    const [row] = await tx.query<Pick<DesiredState, 'version'>>(ADOPT, [resourceId, JSON.stringify(spec)]);
    return row?.version;
  }

  /** The version, read after every concurrent change has committed. Undefined when the resource has no desired state. */
  lockVersion(resourceId: string): Promise<number | undefined> {
    return this.transaction.run(async (em) => {
      const lock = { mode: 'pessimistic_read' } as const;
      return (await em.findOne(DesiredState, { where: { resourceId, endedAt: IsNull() }, lock }))?.version;
    });
  }

  /** The desired state of a resource; undefined when it has none. */
  async find(resourceId: string, em?: EntityManager): Promise<DesiredState | undefined> {
    const states = em ? em.getRepository(DesiredState) : this.states;
    return (await states.findOneBy({ resourceId, endedAt: IsNull() })) ?? undefined;
  }

  /** Replaces the desired state while its version is `expected`, where 0 stands for none. Returns the new version; undefined otherwise. */
  async replace(tx: Queryable, resourceId: string, spec: Spec, expected: number): Promise<number | undefined> {
    if (expected === 0) return this.adopt(tx, resourceId, spec);
    const [row] = await tx.query<Pick<DesiredState, 'version'>>(REPLACE, [resourceId, JSON.stringify(spec), expected]);
    return row?.version;
  }

  /** Creates the desired states of resources that have none. Returns the ids of those that got one. */
  async adoptAll(tx: Queryable, rows: readonly { readonly resource_id: string; readonly spec: Spec }[]): Promise<string[]> {
    const adopted = await tx.query<{ resource_id: string }>(ADOPT_ALL, [JSON.stringify(rows)]);
    return adopted.map(({ resource_id }) => resource_id);
  }

  /** Those of the resources that have a desired state. */
  async managedAmong(tx: Queryable, resourceIds: readonly string[]): Promise<Set<string>> {
    const rows = await tx.query<{ resource_id: string }>(MANAGED, [resourceIds]);
    return new Set(rows.map(({ resource_id }) => resource_id));
  }
}

const RAISED = { version: () => 'version + 1', changedAt: () => 'clock_timestamp()' };

/** A desired state that the previous release has recorded names the power `status`: the later field replaces it. */
const MERGED = `case when excluded.spec ? 'power' then p.spec - 'status' else p.spec end || excluded.spec`;

/** Fenced: the row lock of the upsert serialises sagas; the merge and the comparison see the latest committed row. */
const RECORD = `
insert into cloud_provisioned as p (resource_id, spec, last_saga_id) values ($1, $2, $3)
on conflict (resource_id) do update
   set spec = case when p.ended_at is null then ${MERGED} else excluded.spec end, version = p.version + 1,
       last_saga_id = excluded.last_saga_id, ended_at = null, changed_at = clock_timestamp()
 where p.last_saga_id is distinct from excluded.last_saga_id or p.ended_at is not null or not p.spec @> excluded.spec`;

/** Fenced: the row lock and the version let one of several concurrent changes succeed. $1 resource, $2 spec, $3 version. */
const REPLACE = `
update cloud_provisioned set spec = $2, version = version + 1, last_saga_id = null, changed_at = clock_timestamp()
 where resource_id = $1 and version = $3 and ended_at is null returning version`;

/** Set-based: which of thousands have a desired state. $1 resources. */
const MANAGED = 'select resource_id from cloud_provisioned where resource_id = any ($1::uuid[]) and ended_at is null';

/** Fenced: of concurrent adoptions the row lock of the upsert lets one succeed, also after the desired state has ended. */
const ADOPT = `
insert into cloud_provisioned as p (resource_id, spec) values ($1, $2)
on conflict (resource_id) do update
   set spec = excluded.spec, version = p.version + 1, last_saga_id = null, ended_at = null, changed_at = clock_timestamp()
 where p.ended_at is not null
returning version`;

/** Set-based, and fenced like a single adoption. $1 rows as JSON. */
const ADOPT_ALL = `
insert into cloud_provisioned as p (resource_id, spec)
select n.resource_id, n.spec from json_to_recordset($1::json) as n(resource_id uuid, spec jsonb) order by n.resource_id
on conflict (resource_id) do update
   set spec = excluded.spec, version = p.version + 1, last_saga_id = null, ended_at = null, changed_at = clock_timestamp()
 where p.ended_at is not null
returning resource_id`;
