import type { SagaOutline } from '#libs/saga';

/** Something at the provider that names the saga that made it. */
export interface Marked {
  readonly kind: 'droplet' | 'snapshot';
  readonly providerId: string;
  readonly sagaId: string;
}

export type OrphanReason = 'duplicate' | 'late' | 'unknown_saga' | 'restored';

export interface Orphan extends Omit<Marked, 'kind'> {
  readonly kind: Marked['kind'] | 'dns_record';
  readonly reason: OrphanReason;
  /** False: it is reported, and left to people (SAG-8). */
  readonly destroy: boolean;
}

/**
 * Which of the marked things nobody accounts for (SAG-6, SAG-8). Pure. A saga that has recorded another one, or that ended having undone
 * everything, will not come back for this one. While it goes on it may still adopt it; a saga that gave up lists it among its leftovers.
 */
export function straysAmong(marked: readonly Marked[], sagas: ReadonlyMap<string, SagaOutline>): Orphan[] {
  return marked.flatMap((one): Orphan[] => {
    const saga = sagas.get(one.sagaId);
    if (!saga) return [{ ...one, reason: 'unknown_saga', destroy: false }];
    const recorded = recordedId(one.kind, saga);
    if (recorded === one.providerId && saga.status !== 'rolled_back') return [];
    const reason = recorded !== undefined && recorded !== one.providerId ? 'duplicate' : saga.status === 'rolled_back' ? 'late' : undefined;
    if (!reason) return [];
    return [saga.restored ? { ...one, reason: 'restored', destroy: false } : { ...one, reason, destroy: true }];
  });
}

function recordedId(kind: Marked['kind'], { context }: SagaOutline): string | undefined {
  const [step, field] = kind === 'droplet' ? ['create_droplet', 'droplet_id'] : ['await_snapshot', 'snapshot_id'];
  return (context[step] as Readonly<Record<string, string>> | undefined)?.[field];
}
