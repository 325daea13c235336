import type { Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';

/** A field of a resource with a live value that differs from the desired state. */
export interface DriftFact {
  readonly resource_id: string;
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Set-based: one statement for all drifts of a detection. */
const INSERT_DRIFT_EVENTS = `
insert into cloud_resource_events (resource_id, tenant_id, type, source, changes)
select r.id, r.tenant_id, 'drift_detected', 'drift', jsonb_build_object(f.field, jsonb_build_object('old', f.expected, 'new', f.actual))
  from json_to_recordset($1::json) as f(resource_id uuid, field text, expected jsonb, actual jsonb) join cloud_resources r on r.id = f.resource_id`;

/** Writes `drift_detected` events for the drift library, one per drift, in the transaction that writes the drifts. */
@Injectable()
export class DriftEvents {
  async record(tx: Queryable, facts: readonly DriftFact[]): Promise<void> {
    if (facts.length > 0) await tx.query(INSERT_DRIFT_EVENTS, [JSON.stringify(facts)]);
  }
}
