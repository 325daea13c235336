import type { SagaOutline } from '#libs/saga';
import type { Orphan } from '../entities/orphan.entity';
import { CLOCK_SLACK_MS, isCreatedSince } from '../provider/tag-calls';
import type { TaggedResource } from './tagged-resources';

/** An orphan as the reaper finds it. */
export interface FoundOrphan extends Pick<Orphan, 'kind' | 'providerId' | 'sagaId' | 'reason'> {
  /** False when the orphan is only reported, and people decide about it. [SAG-8] */
  readonly destroy: boolean;
}

/**
 * Finds the resources that no saga accounts for. Pure. A saga that has recorded another resource, or that was rolled back, will not use
 * this one. A running saga may still adopt it, and a failed saga lists it among its leftovers. A tag alone is no proof, so a resource that
 * is older than its saga, or that may have been created between a backup and its restore, is only reported. [SAG-6, SAG-8]
 */
export function findOrphans(
  resources: readonly TaggedResource[],
  sagas: ReadonlyMap<string, SagaOutline>,
  restoredAtMs: number | null,
): FoundOrphan[] {
  return resources.flatMap(({ createdAt, ...resource }): FoundOrphan[] => {
    const saga = sagas.get(resource.sagaId);
    if (!saga) return [{ ...resource, reason: 'unknown_saga', destroy: false }];
    const recorded = recordedId(resource.kind, saga);
    if (recorded === resource.providerId && saga.status !== 'rolled_back') return [];
    if (!isCreatedSince(createdAt, saga.createdAtMs)) return [{ ...resource, reason: 'older', destroy: false }];
    const isDuplicate = recorded !== undefined && recorded !== resource.providerId;
    const reason = isDuplicate ? 'duplicate' : saga.status === 'rolled_back' ? 'late' : undefined;
    if (!reason) return [];
    return [
      saga.restored || mayPrecedeRestore(createdAt, restoredAtMs)
        ? { ...resource, reason: 'restored', destroy: false }
        : { ...resource, reason, destroy: true },
    ];
  });
}

/** The time of the backup is unknown, so every resource that existed when the restore was detected may be younger than the backup. */
function mayPrecedeRestore(createdAt: string | null, restoredAtMs: number | null): boolean {
  return restoredAtMs !== null && (createdAt === null || Date.parse(createdAt) <= restoredAtMs + CLOCK_SLACK_MS);
}

/** Where a saga records the id of the resource that it created. */
const RECORDED_IN: Readonly<Record<TaggedResource['kind'], readonly [step: string, field: string]>> = {
  droplet: ['create_droplet', 'droplet_id'],
  snapshot: ['await_snapshot', 'snapshot_id'],
  volume: ['create_volume', 'provider_id'],
  firewall: ['create_firewall', 'provider_id'],
};

function recordedId(kind: TaggedResource['kind'], { context }: SagaOutline): string | undefined {
  const [step, field] = RECORDED_IN[kind];
  return (context[step] as Readonly<Record<string, string>> | undefined)?.[field];
}
