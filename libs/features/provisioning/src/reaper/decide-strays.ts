import type { SagaOutline } from '#libs/saga';
import { CLOCK_SLACK_MS, madeSince } from '../provider/creation-time';

/** Something at the provider that names the saga that made it. */
export interface Marked {
  readonly kind: 'droplet' | 'snapshot';
  readonly providerId: string;
  readonly sagaId: string;
  readonly createdAt: string | null;
}

export type OrphanReason = 'duplicate' | 'late' | 'unknown_saga' | 'restored' | 'older';

export interface Orphan extends Omit<Marked, 'kind' | 'createdAt'> {
  readonly kind: Marked['kind'] | 'dns_record';
  readonly reason: OrphanReason;
  /** False: it is reported, and left to people (SAG-8). */
  readonly destroy: boolean;
}

/**
 * Which of the marked things no saga accounts for (SAG-6, SAG-8). Pure. A saga that has recorded another one, or that ended having undone
 * everything, will not come back for this one. While it goes on it may still adopt it; a saga that gave up lists it among its leftovers.
 * A mark alone is no proof: what is older than its saga, or may have been made between a backup and its restore, is reported only.
 */
export function straysAmong(marked: readonly Marked[], sagas: ReadonlyMap<string, SagaOutline>, restoredAtMs: number | null): Orphan[] {
  return marked.flatMap(({ createdAt, ...one }): Orphan[] => {
    const saga = sagas.get(one.sagaId);
    if (!saga) return [{ ...one, reason: 'unknown_saga', destroy: false }];
    const recorded = recordedId(one.kind, saga);
    if (recorded === one.providerId && saga.status !== 'rolled_back') return [];
    if (!madeSince(createdAt, saga.createdAtMs)) return [{ ...one, reason: 'older', destroy: false }];
    const reason = recorded !== undefined && recorded !== one.providerId ? 'duplicate' : saga.status === 'rolled_back' ? 'late' : undefined;
    if (!reason) return [];
    return [
      saga.restored || madeBefore(createdAt, restoredAtMs)
        ? { ...one, reason: 'restored', destroy: false }
        : { ...one, reason, destroy: true },
    ];
  });
}

/** When the backup was made is unknown: everything that was there when the restore was noticed may be younger than it. */
function madeBefore(createdAt: string | null, restoredAtMs: number | null): boolean {
  return restoredAtMs !== null && (createdAt === null || Date.parse(createdAt) <= restoredAtMs + CLOCK_SLACK_MS);
}

function recordedId(kind: Marked['kind'], { context }: SagaOutline): string | undefined {
  const [step, field] = kind === 'droplet' ? ['create_droplet', 'droplet_id'] : ['await_snapshot', 'snapshot_id'];
  return (context[step] as Readonly<Record<string, string>> | undefined)?.[field];
}
