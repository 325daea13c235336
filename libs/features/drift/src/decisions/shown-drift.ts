import type { Queryable } from '#libs/database';
import { liveValue, withoutOwnTags } from '../comparison/live-value.sql';
import { looselyEqual } from '../comparison/loose-equality';
import { DriftMovedOnError, DriftNotFoundError } from '../drift.error';
import { LATEST_REVERT } from '../detection/find.sql';

/** A drift that somebody decides about, with what is there at this moment. */
export interface DriftToDecide {
  readonly id: string;
  readonly resource_id: string;
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
  readonly status: string;
  readonly spec_version: number;
  readonly kind: string;
  readonly live: unknown;
  /** Of the spec now; null when nothing is ordered any more. */
  readonly version: number | null;
  /** A revert of it has not ended. */
  readonly under_way: boolean;
}

/**
 * Locks the desired state and the drift for the rest of the transaction: of many decisions at once one is first, and the others see what it did.
 * The desired state first: decisions about several drifts of one resource would each hold theirs and wait for the others'. Throws
 * `DriftNotFoundError`.
 */
export async function readShown(tx: Queryable, driftId: string): Promise<DriftToDecide> {
  await tx.query(LOCK_SPEC, [driftId]);
  await tx.query('select 1 from cloud_drift where id = $1 for update', [driftId]);
  const [drift] = await tx.query<DriftToDecide>(READ_SHOWN, [driftId]);
  if (!drift) throw new DriftNotFoundError(driftId);
  return drift;
}

/** Throws `DriftMovedOnError` unless the drift is open and what was shown of it is still so: the live value and the version of the spec (DRF-4). */
export function stillAs({ status, actual, live, spec_version, version }: DriftToDecide, shown: unknown): void {
  if (status !== 'open') throw new DriftMovedOnError(`The drift is ${status} already`);
  if (!looselyEqual(shown, actual)) throw new DriftMovedOnError('The drift shows another value by now');
  if (!looselyEqual(live, actual)) throw new DriftMovedOnError('The live value has changed since the drift was found');
  if (version !== spec_version) throw new DriftMovedOnError('Something else has been ordered since the drift was found');
}

const LOCK_SPEC = `
select 1 from cloud_provisioned where resource_id = (select d.resource_id from cloud_drift d where d.id = $1) for update`;

const READ_SHOWN = `
select d.id, d.resource_id, d.field, d.expected, d.actual, d.status, d.spec_version, r.kind, p.version, coalesce(v.under_way, false) as under_way,
       case when d.field = 'missing' then to_jsonb(case when r.deleted_at is null then 'present' else 'deleted' end)
            when r.deleted_at is null then ${withoutOwnTags('d.field', 'l.value')} else 'null' end as live
  from cloud_drift d join cloud_resources r on r.id = d.resource_id
  left join cloud_provisioned p on p.resource_id = d.resource_id and p.ended_at is null
  left join lateral (${LATEST_REVERT}) v on true
 cross join lateral (select ${liveValue('d.field')} as value) l
 where d.id = $1`;
