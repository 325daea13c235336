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

  async find(resourceId: string): Promise<DesiredState | undefined> {
    return (await this.states.findOneBy({ resourceId, endedAt: IsNull() })) ?? undefined;
  }
}

const RAISED = { version: () => 'version + 1', changedAt: () => 'clock_timestamp()' };

/** Fenced: the row lock of the upsert serialises sagas; the merge and the comparison see the latest committed row. */
const RECORD = `
insert into cloud_provisioned as p (resource_id, spec, last_saga_id) values ($1, $2, $3)
on conflict (resource_id) do update
   set spec = case when p.ended_at is null then p.spec || excluded.spec else excluded.spec end, version = p.version + 1,
       last_saga_id = excluded.last_saga_id, ended_at = null, changed_at = clock_timestamp()
 where p.last_saga_id is distinct from excluded.last_saga_id or p.ended_at is not null or not p.spec @> excluded.spec`;

/** Fenced: of concurrent adoptions the row lock of the upsert lets one succeed, also after the desired state has ended. */
const ADOPT = `
insert into cloud_provisioned as p (resource_id, spec) values ($1, $2)
on conflict (resource_id) do update
   set spec = excluded.spec, version = p.version + 1, last_saga_id = null, ended_at = null, changed_at = clock_timestamp()
 where p.ended_at is not null
returning version`;
