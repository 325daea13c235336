import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, Transaction } from '#libs/database';
import { EventLog, type NewEvent } from '#libs/events';
import { looselyEqual } from '#libs/kernel';
import { DesiredState, DesiredStateRepository } from '#libs/provisioning';
import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { LATEST_REVERT, liveValue, withoutOwnTags } from './detection.sql';
import { DriftMovedOnError, DriftNotFoundError, RevertUnderWayError } from './drift.errors';
import { statusesBefore } from './drift.states';
import { Drift } from './entities/drift.entity';
import { MISSING } from './severity';

/** A drift that an operator decides about, with the live value at this moment. */
export interface LockedDrift {
  readonly id: string;
  readonly resource_id: string;
  /** Owner of the resource. */
  readonly tenant_id: string | null;
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
  readonly status: string;
  readonly spec_version: number;
  readonly severity: string;
  readonly kind: string;
  readonly name: string | null;
  readonly live: unknown;
  /** The present version of the desired state; null when it has ended. */
  readonly version: number | null;
  /** A revert of this drift is still open. */
  readonly under_way: boolean;
}

/** Accepts a drift: updates the desired state to the live value. */
@Injectable()
export class DriftAcceptanceService {
  constructor(
    private readonly transaction: Transaction,
    private readonly specs: DesiredStateRepository,
    private readonly audit: AuditLog,
    private readonly events: EventLog,
  ) {}

  /**
   * Writes the expected live value into the desired state (version + 1) and closes the drift with the operator and the reason, in one
   * transaction. For a missing resource the desired state ends. Throws `DriftNotFoundError`, `RevertUnderWayError` during a revert, and
   * `DriftMovedOnError` when the drift, the live value or the desired state has changed since the operator read it. [DRF-4]
   */
  async accept(driftId: string, expected: unknown, because: AuditContext): Promise<void> {
    await this.transaction.run(async (em) => {
      const tx = queryableOf(em);
      const drift = await lockDrift(em, driftId);
      assertUnchanged(drift, expected);
      if (drift.under_way) throw new RevertUnderWayError();
      if (!(await this.updateSpec(em, drift))) throw new DriftMovedOnError(SPEC_CHANGED);
      const closing = {
        status: 'accepted' as const,
        closedAt: () => 'clock_timestamp()',
        closedBy: because.by.sub,
        reason: because.reason,
      };
      const closed = await em.update(Drift, { id: driftId, status: In(statusesBefore('accepted')) }, closing);
      if (closed.affected !== 1) throw new DriftMovedOnError(`The drift is already ${drift.status}`);
      const { resource_id, tenant_id, field, expected: was, live, spec_version } = drift;
      // The other open drifts of the resource are about fields that did not change, so they follow to the new version.
      await em.update(Drift, { resourceId: resource_id, status: 'open', specVersion: spec_version }, { specVersion: spec_version + 1 });
      await this.audit.record(tx, {
        ...because,
        action: 'drift_accepted',
        target: { type: 'drift', id: driftId },
        details: {
          resource_id,
          tenant_id,
          ...(field === 'tenant_id' && { previous_tenant_id: was }),
          field,
          was,
          accepted: live,
          spec_version: spec_version + 1,
        },
      });
      await this.events.append(tx, acceptedEvent(drift, because));
    });
  }

  private updateSpec(em: EntityManager, { resource_id: resourceId, spec_version: version, field, live }: LockedDrift): Promise<boolean> {
    if (field === MISSING) return this.specs.acceptEnd(em, { resourceId, version });
    return this.specs.accept(em, { resourceId, version }, { [field]: live });
  }
}

/** Only admins read the event of a drift about the owner, because it names two tenants. */
function acceptedEvent(drift: LockedDrift, { by }: AuditContext): NewEvent {
  const { id, resource_id: resourceId, tenant_id, field, expected, actual, severity, name, kind } = drift;
  return {
    type: 'drift.closed',
    tenantId: field === 'tenant_id' ? null : tenant_id,
    actor: by,
    source: 'drift',
    subject: { type: 'drift', id, name, kind },
    resourceId,
    data: { field, expected, actual, severity, status: 'accepted' },
  };
}

/**
 * Locks the desired state and then the drift until the transaction ends, so that one of several concurrent decisions is first and the
 * others see its effect. The order avoids deadlocks between decisions about several drifts of one resource. Throws `DriftNotFoundError`.
 */
export async function lockDrift(em: EntityManager, driftId: string): Promise<LockedDrift> {
  const found = await em.findOne(Drift, { where: { id: driftId }, select: { resourceId: true } });
  if (!found) throw new DriftNotFoundError();
  await em.findOne(DesiredState, { where: { resourceId: found.resourceId }, lock: ROW_LOCK });
  await em.findOne(Drift, { where: { id: driftId }, lock: ROW_LOCK });
  const [drift] = await queryableOf(em).query<LockedDrift>(READ_LOCKED, [driftId]);
  if (!drift) throw new DriftNotFoundError();
  return drift;
}

const ROW_LOCK = { mode: 'pessimistic_write' } as const;
const SPEC_CHANGED = 'The desired state has changed since the drift was found';

/**
 * Throws `DriftMovedOnError` unless the drift is open and the value that the caller expects, the live value and the version of the desired
 * state are still those of the drift. [DRF-4]
 */
export function assertUnchanged({ status, actual, live, spec_version, version }: LockedDrift, expected: unknown): void {
  if (status !== 'open') throw new DriftMovedOnError(`The drift is already ${status}`);
  if (!looselyEqual(expected, actual)) throw new DriftMovedOnError('The drift has another actual value than the expected one');
  if (!looselyEqual(live, actual)) throw new DriftMovedOnError('The live value has changed since the drift was found');
  if (version !== spec_version) throw new DriftMovedOnError(SPEC_CHANGED);
}

/** Fenced: reads under the locks of `lockDrift`, with the live value that the same functions of SQL give detection. */
const READ_LOCKED = `
select d.id, d.resource_id, r.tenant_id, d.field, d.expected, d.actual, d.status, d.spec_version, d.severity, r.kind, r.name, p.version, coalesce(v.under_way, false) as under_way,
       case when d.field = 'missing' then to_jsonb(case when r.deleted_at is null then 'present' else 'deleted' end)
            when r.deleted_at is null then ${withoutOwnTags('d.field', 'l.value')} else 'null' end as live
  from cloud_drift d join cloud_resources r on r.id = d.resource_id
  left join cloud_provisioned p on p.resource_id = d.resource_id and p.ended_at is null
  left join lateral (${LATEST_REVERT}) v on true
 cross join lateral (select ${liveValue('d.field')} as value) l
 where d.id = $1`;
