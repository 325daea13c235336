import type { Queryable } from '#libs/database';
import { ResourceBusyError } from '../saga.error';

/** All or none: what another run holds is refused by name. */
export async function acquireHolds(tx: Queryable, sagaId: string, holds: readonly string[]): Promise<void> {
  if (holds.length === 0) return;
  const wanted = [...new Set(holds)].sort();
  const taken = await tx.query<{ resource: string }>(
    'insert into saga_holds (resource, saga_id) select resource, $1 from unnest($2::text[]) resource on conflict do nothing returning resource',
    [sagaId, wanted],
  );
  const got = new Set(taken.map((row) => row.resource));
  const busy = wanted.find((resource) => !got.has(resource));
  if (busy !== undefined) throw new ResourceBusyError(busy);
}
