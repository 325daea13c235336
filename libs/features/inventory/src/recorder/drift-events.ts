import type { Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';

/** A field of a resource that is not what was ordered. */
export interface DriftFact {
  readonly resource_id: string;
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Writes `drift_detected` events, for drift: in the transaction of the drifts they tell of, one each. */
@Injectable()
export class DriftEvents {
  async record(tx: Queryable, facts: readonly DriftFact[]): Promise<void> {
    if (facts.length > 0) await tx.query(TELL_DRIFTS, [JSON.stringify(facts)]);
  }
}

const TELL_DRIFTS = `
insert into cloud_resource_events (resource_id, tenant_id, type, source, changes)
select r.id, r.tenant_id, 'drift_detected', 'drift', jsonb_build_object(f.field, jsonb_build_object('old', f.expected, 'new', f.actual))
  from json_to_recordset($1::json) as f(resource_id uuid, field text, expected jsonb, actual jsonb) join cloud_resources r on r.id = f.resource_id`;
